package ftp;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Instant;

/** Gets a file. */
final class GetJob extends Job {
    /** Where it goes to. */
    interface Target extends DataReceiver.Sink {
        /** Whether something of it may be here already. */
        default boolean resumes() {
            return false;
        }

        /**
         * Opens it; the byte from which on the rest is wanted. The size of the server's file is -1,
         * the time of its last change null, if not known.
         */
        long open(long size, Instant changed) throws IOException;

        /** All is there. */
        void complete() throws IOException;
    }

    private final String remote;
    private final Target target;
    private long size = -1;
    private long from;

    GetJob(String remote, String name, Target target) {
        super(name);
        this.remote = remote;
        this.target = target;
    }

    @Override
    void start() {
        ask(
                "SIZE " + remote,
                reply -> {
                    if (reply.code() == 550) {
                        end(Outcome.MISSING, reply.toString());
                        return;
                    }
                    if (reply.code() == 213 && reply.text().matches("[0-9]{1,18}")) {
                        size = Long.parseLong(reply.text());
                    }
                    if (target.resumes()) {
                        askTime(remote, this::openTarget);
                    } else {
                        openTarget(null);
                    }
                });
    }

    private void openTarget(Instant changed) {
        try {
            from = target.open(size, changed);
        } catch (IOException e) {
            end(Outcome.LOCAL, e.getMessage());
            return;
        }
        if (size >= 0 && from == size && size > 0) {
            finish(); // all of it was there already
        } else if (from > 0) {
            ask(
                    "REST " + from,
                    reply -> {
                        if (reply.code() == 350) {
                            transfer("RETR " + remote);
                        } else {
                            end(Outcome.BROKEN, "cannot resume: " + reply);
                        }
                    });
        } else {
            transfer("RETR " + remote);
        }
    }

    @Override
    DataConnection open(ClientSession session, SocketChannel channel) {
        return new DataReceiver(session.loop, channel, target, this);
    }

    @Override
    void complete(long bytes) {
        if (size >= 0 && from + bytes != size) {
            end(Outcome.BROKEN, from + bytes + " of " + size + " bytes");
        } else {
            finish();
        }
    }

    private void finish() {
        try {
            target.complete();
        } catch (IOException e) {
            end(Outcome.LOCAL, e.getMessage());
            return;
        }
        end(Outcome.DONE, "");
    }

    @Override
    void release() {
        Closing.quietly(target);
    }
}
