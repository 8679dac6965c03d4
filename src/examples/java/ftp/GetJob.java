package ftp;

import java.io.IOException;
import java.nio.channels.SocketChannel;

/** Gets a file. */
final class GetJob extends Job {
    /** Where it goes to. */
    interface Target extends DataReceiver.Sink {
        /** Opens it; the byte from which on the rest is wanted. The size is -1 if not known. */
        long open(long size) throws IOException;

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
                    openTarget();
                });
    }

    private void openTarget() {
        try {
            from = target.open(size);
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
