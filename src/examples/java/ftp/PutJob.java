package ftp;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.function.LongConsumer;

/**
 * Puts a file.
 *
 * <p>To resume, there are two cases. The server has a shorter file of that name: REST and STOR send
 * the rest. Or it has kept what came of a broken upload as NAME.part, as our server does on
 * request: APPE completes that, and it is renamed. Not if ours has changed after that: then it is
 * sent from its beginning.
 */
final class PutJob extends Job {
    /** Where it comes from. */
    interface Origin extends DataSender.Source {
        long size();

        /** When it was changed last; of interest only to resume. */
        default Instant changed() {
            return Instant.MIN;
        }

        /** From this byte on. */
        void open(long from) throws IOException;
    }

    private final String remote;
    private final Origin origin;
    private final boolean resume;
    private long from;
    private String partial; // what is appended to; null if nothing is

    PutJob(String remote, String name, Origin origin, boolean resume) {
        super(name);
        this.remote = remote;
        this.origin = origin;
        this.resume = resume;
    }

    @Override
    void start() {
        if (!resume) {
            send("STOR " + remote);
            return;
        }
        askSize(
                remote,
                size -> {
                    if (size > origin.size()) {
                        end(Outcome.LOCAL, "the server has a longer one");
                    } else if (size >= 0) {
                        ifNewer(remote, () -> resumeFile(size));
                    } else {
                        askSize(remote + Upload.PARTIAL, this::resumePartial);
                    }
                });
    }

    /** Only if the server's file is no older than ours; to the second, as it tells no more. */
    private void ifNewer(String file, Runnable resume) {
        askTime(
                file,
                time -> {
                    if (time != null
                            && origin.changed().truncatedTo(ChronoUnit.SECONDS).isAfter(time)) {
                        send("STOR " + remote);
                    } else {
                        resume.run();
                    }
                });
    }

    private void askSize(String file, LongConsumer then) {
        ask(
                "SIZE " + file,
                reply -> {
                    boolean known = reply.code() == 213 && reply.text().matches("[0-9]{1,18}");
                    then.accept(known ? Long.parseLong(reply.text()) : -1);
                });
    }

    private void resumeFile(long size) {
        if (size == origin.size()) {
            end(Outcome.DONE, "was there already");
        } else {
            from = size;
            send("STOR " + remote);
        }
    }

    private void resumePartial(long size) {
        String there = remote + Upload.PARTIAL;
        if (size > 0 && size <= origin.size()) {
            ifNewer(
                    there,
                    () -> {
                        from = size;
                        partial = there;
                        send("APPE " + there);
                    });
        } else {
            send("STOR " + remote);
        }
    }

    private void send(String command) {
        try {
            origin.open(from);
        } catch (IOException e) {
            end(Outcome.LOCAL, e.getMessage());
            return;
        }
        // A server that does not know it says so; ours will not take less for a whole file.
        ask("ALLO " + origin.size(), allo -> {});
        if (from > 0 && partial == null) {
            ask(
                    "REST " + from,
                    reply -> {
                        if (reply.code() == 350) {
                            transfer(command);
                        } else {
                            end(Outcome.BROKEN, "cannot resume: " + reply);
                        }
                    });
        } else {
            transfer(command);
        }
    }

    @Override
    DataConnection open(ClientSession session, SocketChannel channel) {
        return new DataSender(session.loop, channel, origin, this);
    }

    @Override
    void complete(long bytes) {
        if (from + bytes != origin.size()) {
            end(Outcome.LOCAL, "the file has changed meanwhile");
        } else if (partial == null) {
            end(Outcome.DONE, "");
        } else {
            ask("RNFR " + partial, reply -> {});
            ask(
                    "RNTO " + remote,
                    reply ->
                            end(
                                    reply.isGood() ? Outcome.DONE : Outcome.BROKEN,
                                    reply.isGood() ? "" : "it stays " + partial + ": " + reply));
        }
    }

    @Override
    void release() {
        Closing.quietly(origin);
    }
}
