package ftp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.zip.CRC32C;

/** A file of bytes that look random and are known by a number; it needs no room anywhere. */
final class MadeUp {
    private static final int WORD = Long.BYTES;

    private final long seed;
    private final long size;

    MadeUp(long seed, long size) {
        this.seed = seed;
        this.size = size;
    }

    long size() {
        return size;
    }

    /** Its bytes, from the first on; splitmix64. */
    private static final class Bytes {
        private final long seed;
        private final long size;
        private final ByteBuffer word = ByteBuffer.allocate(WORD).limit(0);
        private long at;

        Bytes(MadeUp file) {
            seed = file.seed * 0x5851F42D4C957F2DL;
            size = file.size;
        }

        /** As many as fit; false if there are no more. */
        boolean fill(ByteBuffer buffer) {
            if (at == size) {
                return false;
            }
            while (at < size && buffer.hasRemaining()) {
                if (at % WORD == 0 && size - at >= WORD && buffer.remaining() >= WORD) {
                    buffer.putLong(word(at / WORD));
                    at += WORD;
                } else {
                    word.clear().putLong(0, word(at / WORD));
                    buffer.put(word.get((int) (at % WORD)));
                    at++;
                }
            }
            return true;
        }

        private long word(long index) {
            long z = seed + (index + 1) * 0x9E3779B97F4A7C15L;
            z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
            z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
            return z ^ z >>> 31;
        }
    }

    PutJob.Origin origin() {
        var bytes = new Bytes(this);
        return new PutJob.Origin() {
            @Override
            public long size() {
                return size;
            }

            @Override
            public void open(long from) {}

            @Override
            public boolean fill(ByteBuffer buffer) {
                return bytes.fill(buffer);
            }

            @Override
            public void close() {}
        };
    }

    /** Takes a file, and says at the end whether it is this one. */
    GetJob.Target target() {
        var arrived = new CRC32C();
        return new GetJob.Target() {
            @Override
            public long open(long sizeThere, Instant changed) throws IOException {
                if (sizeThere != size) {
                    throw new IOException(sizeThere + " bytes instead of " + size);
                }
                return 0;
            }

            @Override
            public void drain(ByteBuffer buffer) {
                arrived.update(buffer);
            }

            @Override
            public void complete() throws IOException {
                if (arrived.getValue() != checksum()) {
                    throw new IOException("damaged: its CRC32C differs");
                }
            }

            @Override
            public void close() {}
        };
    }

    private long checksum() {
        var expected = new CRC32C();
        var bytes = new Bytes(this);
        var buffer = ByteBuffer.allocate(BufferPool.SIZE);
        while (bytes.fill(buffer.clear())) {
            expected.update(buffer.flip());
        }
        return expected.getValue();
    }
}
