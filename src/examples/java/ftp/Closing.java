package ftp;

import java.io.Closeable;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes what is to be closed in any case; that it failed is worth a line and nothing else. */
final class Closing {
    private static final Logger LOG = LoggerFactory.getLogger("ftp");

    private Closing() {}

    static void quietly(Closeable closeable) {
        if (closeable == null) {
            return;
        }
        try {
            closeable.close();
        } catch (IOException e) {
            LOG.warn("on closing: {}", e.getMessage());
        }
    }
}
