package ftp;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** It is the file's fault and not the connection's. */
final class FileTrouble extends IOException {
    private static final long serialVersionUID = 1L;

    FileTrouble(IOException cause) {
        super(reason(cause), cause);
    }

    /** What a peer may know: not where in the server's file system it was. */
    static String reason(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "no such file or directory";
        }
        if (e instanceof FileAlreadyExistsException) {
            return "is there already";
        }
        if (e instanceof DirectoryNotEmptyException) {
            return "the directory is not empty";
        }
        if (e instanceof FileSystemException f) {
            return f.getReason() == null ? "not allowed" : f.getReason();
        }
        return e.getMessage();
    }
}
