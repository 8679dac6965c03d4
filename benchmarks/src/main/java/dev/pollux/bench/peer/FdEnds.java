package dev.pollux.bench.peer;

import dev.pollux.Fd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Bare descriptors, for who can take them. */
final class FdEnds extends Ends {
    private final List<int[]> pairs = new ArrayList<>();

    FdEnds(int count) throws IOException {
        try {
            while (count() < count) {
                pairs.add(Fd.socketpair());
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    int fd(int i) {
        return pairs.get(i / 2)[i % 2];
    }

    @Override
    public int count() {
        return 2 * pairs.size();
    }

    @Override
    int write(int i, ByteBuffer bytes) throws IOException {
        return Fd.write(fd(i), bytes);
    }

    @Override
    public void close() throws IOException {
        for (int i = 0; i < count(); i++) {
            Fd.close(fd(i));
        }
    }
}
