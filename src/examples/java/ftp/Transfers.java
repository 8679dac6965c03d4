package ftp;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transfers of a session, one at a time: what is moved, by which data connection, and how it
 * ended.
 *
 * <p>FTP ends a file by the end of the data connection, and a client that is killed ends it just as
 * well: its kernel closes all sockets properly. So an upload counts as complete only if the data
 * connection ended by an end and not a reset, if the control connection is still there right after
 * (a kernel closes them in the order they were opened), and if no less came than ALLO said, where
 * the client said it.
 */
final class Transfers implements DataConnection.Owner {
    private static final int LONGEST_DIRECTORY = 1024; // characters that each line repeats

    private static final Logger LOG = LoggerFactory.getLogger("ftp.transfer");

    private final Session session;
    private final Server server;
    private final DataPort port;

    private long restart;
    private long announced = -1;

    // What is to be moved: one of the two while a transfer runs, or waits for its data connection.
    private DataSender.Source source;
    private Upload upload;
    private String what;

    private DataConnection running;
    private boolean lingering; // all has come; is the client still there?
    private boolean completing; // by another thread

    Transfers(Session session) {
        this.session = session;
        this.server = session.server;
        this.port = new DataPort(session);
    }

    boolean isBusy() {
        return source != null || upload != null || completing;
    }

    // ---- before

    void prepare(Command command) throws IOException {
        switch (command.verb()) {
            case PASV -> port.pasv();
            case EPSV -> port.epsv(command.argument());
            case PORT -> port.port(command.argument());
            case EPRT -> port.eprt(command.argument());
            case REST -> rest(command.argument());
            default -> throw new IllegalArgumentException(command.toString());
        }
    }

    private void rest(String argument) {
        if (!argument.matches("[0-9]{1,18}")) {
            session.reply(501, "a number of bytes");
            return;
        }
        restart = Long.parseLong(argument);
        session.reply(350, "from byte " + restart);
    }

    /** What a client wants to send: less will not do. */
    void allo(String argument) {
        String bytes = argument.split(" ", 2)[0];
        if (!bytes.matches("[0-9]{1,18}")) {
            session.reply(501, "a number of bytes");
            return;
        }
        announced = Long.parseLong(bytes);
        session.reply(200, "so many are expected");
    }

    // ---- the beginning

    void begin(Command command) throws IOException {
        long from = restart;
        restart = 0;
        if (!port.isPrepared()) {
            session.reply(425, "EPSV or PASV comes first");
            return;
        }
        boolean opened = false;
        try {
            open(command, from);
            opened = true;
        } finally {
            if (!opened) {
                announced = -1;
                port.close();
            }
        }
        port.connect(this::connected);
    }

    private void open(Command command, long from) throws IOException {
        Jail jail = session.jail();
        switch (command.verb()) {
            case RETR -> {
                what = session.virtual(command.argument());
                source = FileSource.open(Jail.requireFile(jail.existing(what)), from);
            }
            case STOR -> {
                what = session.virtual(command.argument());
                upload = Upload.after(jail.entry(what), from);
            }
            case APPE -> {
                what = session.virtual(command.argument());
                upload = Upload.appending(jail.entry(what));
            }
            default -> {
                // ls -l's options mean nothing here, but some clients send them
                String name = withoutOptions(command.argument());
                what = session.virtual(name);
                source = listing(name, Listing.Format.valueOf(command.verb().name()));
            }
        }
    }

    /** Of what is there; otherwise of what a wildcard in the last word means. */
    private Listing listing(String name, Listing.Format format) throws IOException {
        Jail jail = session.jail();
        int slash = what.lastIndexOf('/');
        String last = what.substring(slash + 1);
        if (format != Listing.Format.MLSD && Wildcard.isOne(last)) {
            try {
                return Listing.of(jail.existing(what), format, session);
            } catch (NoSuchFileException e) { // the usual case: no file has such a name
                Path directory = jail.existing(what.substring(0, slash + 1));
                String before = name.substring(0, name.lastIndexOf('/') + 1);
                if (before.length() > LONGEST_DIRECTORY) {
                    throw new Jail.Refused("that name is too long");
                }
                return Listing.matching(
                        Jail.requireDirectory(directory),
                        new Wildcard(last),
                        before,
                        format,
                        session);
            }
        }
        return Listing.of(jail.existing(what), format, session);
    }

    /** By hand: a regular expression for any number of them needs a stack that grows with it. */
    private static String withoutOptions(String argument) {
        int at = 0;
        while (argument.startsWith("-", at)) {
            int blank = argument.indexOf(' ', at);
            at = blank < 0 ? argument.length() : blank + 1;
        }
        return argument.substring(at);
    }

    private void connected(SocketChannel channel, Exception problem) {
        if (problem != null) {
            giveUp("no data connection: " + problem.getMessage());
            return;
        }
        try {
            session.reply(150, "here it goes");
            running =
                    source != null
                            ? new DataSender(server.loop, channel, source, this)
                            : new DataReceiver(server.loop, channel, upload, this);
            running.start();
        } catch (IOException e) {
            running.abort(e);
        }
    }

    /** Before it began. */
    private void giveUp(String why) {
        port.close();
        Closing.quietly(source);
        discard();
        over(425, why);
    }

    // ---- the end

    /** If something runs, or waits to. */
    void abort(Exception reason) {
        if (running != null) {
            running.abort(reason);
        } else if (lingering) {
            uploaded(reason);
        } else if (isBusy() && !completing) {
            giveUp(reason.getMessage());
        }
    }

    @Override
    public void onTransferEnd(Exception problem) {
        long bytes = running.bytes();
        running = null;
        if (upload == null) {
            server.count.bytesOut += bytes;
            count(problem == null);
            over(problem == null ? 226 : code(problem), problem == null ? "sent" : why(problem));
            return;
        }
        server.count.bytesIn += bytes;
        if (problem == null && announced >= 0) {
            problem = shortage();
        }
        if (problem != null || announced >= 0 && announced <= bytes) {
            uploaded(problem);
            return;
        }
        lingering = true;
        Upload last = upload;
        server.loop.later(
                () -> {
                    if (lingering && upload == last) {
                        uploaded(null);
                    }
                });
    }

    /** Of a resumed upload some clients announce the whole file, others what is still to come. */
    private Exception shortage() {
        try {
            boolean all = announced <= upload.size();
            return all ? null : new IOException("that is less than was announced by ALLO");
        } catch (IOException e) {
            return new FileTrouble(e);
        }
    }

    /** All is there, if there is no problem. */
    private void uploaded(Exception problem) {
        lingering = false;
        try {
            if (problem == null) {
                complete();
                return;
            }
            count(false);
            String kept = server.settings.keepPartial ? upload.keep() : null;
            over(code(problem), why(problem) + (kept == null ? "" : "; kept as " + kept));
        } catch (IOException e) {
            over(451, FileTrouble.reason(e));
        } finally {
            discard(); // unless it is complete, or kept
        }
    }

    private void complete() throws IOException {
        if (!server.settings.fsync) {
            upload.complete(false);
            completed(null);
            return;
        }
        Upload done = upload;
        upload = null;
        completing = true;
        server.disk.run(
                () -> {
                    try {
                        done.complete(true);
                    } catch (IOException e) {
                        done.discard();
                        throw e;
                    }
                    return null;
                },
                (nothing, problem) -> completed(problem));
    }

    private void completed(Exception problem) {
        completing = false;
        upload = null;
        count(problem == null);
        over(problem == null ? 226 : 451, problem == null ? "received" : why(problem));
    }

    private void discard() {
        Upload last = upload;
        upload = null;
        if (last != null) {
            Closing.quietly(last::discard);
        }
    }

    private void count(boolean well) {
        if (!well) {
            server.count.broken++;
        } else if (source instanceof Listing) {
            server.count.listings++;
        } else if (source != null) {
            server.count.downloads++;
        } else {
            server.count.uploads++;
        }
    }

    private static int code(Exception problem) {
        return problem instanceof FileTrouble ? 451 : 426;
    }

    private static String why(Exception problem) {
        return problem instanceof FileSystemException e
                ? FileTrouble.reason(e)
                : "" + problem.getMessage();
    }

    private void over(int code, String text) {
        LOG.info("{} {}: {} {}", session.name(), what, code, text);
        source = null;
        announced = -1;
        session.reply(code, text);
        session.used();
        session.control.proceed();
    }

    /** Once a second; whether a transfer runs. */
    boolean tick() {
        int limit = server.settings.dataTime;
        if (running != null && running.stalledNanos() > limit * 1_000_000_000L) {
            abort(new IOException("nothing moved for " + limit + " s"));
        } else if (running == null && port.isPrepared() && port.isOlderThan(limit)) {
            if (isBusy()) {
                giveUp("no data connection in time");
            } else {
                port.close();
            }
        }
        return isBusy();
    }

    /** The session is over. */
    void close() {
        abort(new IOException("the session is over"));
        port.close();
    }
}
