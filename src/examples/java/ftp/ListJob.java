package ftp;

import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** Prints a listing as it comes. */
final class ListJob extends Job implements DataReceiver.Sink {
    private final String command;
    private final PrintStream out;
    private final LineReader lines = new LineReader(8192);

    ListJob(String directory, boolean names, PrintStream out) {
        super(directory);
        this.command = ((names ? "NLST " : "LIST ") + directory).strip();
        this.out = out;
    }

    @Override
    void start() {
        transfer(command);
    }

    @Override
    DataConnection open(ClientSession session, SocketChannel channel) {
        return new DataReceiver(session.loop, channel, this, this);
    }

    /** What another's file is called shall not steer this terminal. */
    @Override
    public void drain(ByteBuffer buffer) {
        lines.feed(
                buffer, line -> out.println(Listing.printable(line)), () -> out.println("(...)"));
    }

    @Override
    void complete(long bytes) {
        out.flush();
        end(Outcome.DONE, "");
    }

    @Override
    void release() {}

    @Override
    public void close() {}
}
