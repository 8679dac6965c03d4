package ftp;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The classes of this package, all of them, before the first client comes. A JVM loads a class when
 * it is needed first; if that is when no descriptor is free, it cannot open the file, and it does
 * not try again: the command that needs it is lost for ever. From a jar, which stays open, it can.
 */
final class Preloaded {
    private static final String CLASS = ".class";

    private Preloaded() {}

    static void all() throws IOException {
        Class<?> self = Preloaded.class;
        try {
            Path classes =
                    Path.of(self.getProtectionDomain().getCodeSource().getLocation().toURI());
            Path own = classes.resolve(self.getPackageName());
            if (!Files.isDirectory(own)) {
                return;
            }
            try (var files = Files.newDirectoryStream(own, "*" + CLASS)) {
                for (Path file : files) {
                    String name = file.getFileName().toString().replace(CLASS, "");
                    Class.forName(self.getPackageName() + "." + name);
                }
            }
        } catch (URISyntaxException | ClassNotFoundException e) {
            throw new IOException("cannot load the classes of this package", e);
        }
    }
}
