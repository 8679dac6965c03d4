package ftp;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A client's connection to a server: connects, logs in, does one job after another, and leaves.
 * What it asks is kept in a line with what to do about the answer.
 */
final class ClientSession implements ControlConnection.Owner {
    /** An answer: its number, and the text of its first line. */
    record Reply(int code, String text) {
        boolean isPreliminary() {
            return code / 100 == 1;
        }

        boolean isGood() {
            return code / 100 == 2;
        }

        @Override
        public String toString() {
            return code + " " + Listing.printable(text);
        }
    }

    /** Where the jobs come from. */
    interface Jobs extends Job.Listener {
        /** The next one; null if there are no more. */
        Job next();

        /** The session has ended; the outcome says why if it was too early. */
        void left(ClientSession session, Outcome outcome, String why);
    }

    private static final int MAX_LINE = 8192;

    final Loop loop;
    private final Account account;
    private final Jobs jobs;
    private final ArrayDeque<Consumer<Reply>> expected = new ArrayDeque<>();
    private final Connecting connecting;
    private ControlConnection control; // null until connected
    private Reply begun; // of several lines, until the last
    private Job job; // null between jobs
    private long heardAt = System.nanoTime();
    private boolean left;

    ClientSession(Loop loop, Account account, Jobs jobs) throws IOException {
        this.loop = loop;
        this.account = account;
        this.jobs = jobs;
        connecting = new Connecting(loop, null, account.address(), this::connected);
    }

    private void connected(SocketChannel channel, Exception problem) {
        if (problem != null) {
            leave(Outcome.NO_CONNECTION, account.address() + ": " + problem.getMessage());
            return;
        }
        expected.add(this::greeted);
        try {
            control = new ControlConnection(loop, channel, MAX_LINE, this);
        } catch (IOException e) {
            Closing.quietly(channel);
            leave(Outcome.NO_CONNECTION, e.getMessage());
        }
    }

    private void greeted(Reply reply) {
        if (!reply.isGood()) {
            leave(Outcome.NO_CONNECTION, reply.toString());
            return;
        }
        ask(
                "USER " + account.user(),
                user -> {
                    if (user.code() == 331) {
                        ask("PASS " + account.password(), this::loggedIn);
                    } else {
                        loggedIn(user);
                    }
                });
    }

    private void loggedIn(Reply reply) {
        if (!reply.isGood()) {
            leave(Outcome.LOGIN_REFUSED, account.user() + ": " + reply);
            return;
        }
        ask(
                "TYPE I",
                type -> {
                    if (type.isGood()) {
                        nextJob();
                    } else { // it might change the bytes
                        leave(Outcome.BROKEN, "TYPE I: " + type);
                    }
                });
    }

    private void nextJob() {
        job = jobs.next();
        if (job == null) {
            ask("QUIT", reply -> leave(Outcome.DONE, "" + reply));
        } else {
            job.begin(this, jobs);
        }
    }

    // ---- for the job

    /** Sends a command; the answer goes to {@code then}. */
    void ask(String command, Consumer<Reply> then) {
        expected.add(then);
        control.send(command);
    }

    /** The same answer is to be followed by another. */
    void expectAnother(Consumer<Reply> then) {
        expected.addFirst(then);
    }

    /** The server's address, also for data connections: whatever PASV says. */
    InetAddress server() throws IOException {
        return ((InetSocketAddress) control.channel.getRemoteAddress()).getAddress();
    }

    /** The job is over, well or not. */
    void jobEnded() {
        job = null;
        nextJob();
    }

    // ---- what the control connection tells

    @Override
    public boolean takesLines() {
        return true;
    }

    @Override
    public void onLine(String line) throws IOException {
        heardAt = System.nanoTime();
        boolean numbered = line.matches("[1-5][0-9]{2}([ -].*)?");
        int code = numbered ? Integer.parseInt(line.substring(0, 3)) : 0;
        boolean last = numbered && !line.startsWith("-", 3);
        if (begun == null) {
            if (!numbered) {
                throw new IOException("that is no FTP server: " + Listing.printable(line));
            }
            begun = new Reply(code, line.substring(Math.min(4, line.length())));
        }
        if (last && code == begun.code()) {
            Reply reply = begun;
            begun = null;
            if (expected.isEmpty()) {
                throw new IOException("not asked for: " + reply); // 421: it closes
            }
            expected.remove().accept(reply);
        }
    }

    @Override
    public void onTooLongLine() {
        leave(Outcome.BROKEN, "an answer without end");
    }

    @Override
    public void onEnd() {}

    @Override
    public void onClosed(Exception reason) {
        String why =
                reason == null ? "the server has closed the connection" : "" + reason.getMessage();
        leave(Outcome.BROKEN, why);
    }

    /** Once a second: nothing is waited for longer than that. */
    void tick(int seconds) {
        long silent = System.nanoTime() - heardAt;
        if (job != null) {
            silent = Math.min(silent, job.stalledNanos());
        }
        if (silent > TimeUnit.SECONDS.toNanos(seconds)) {
            leave(
                    control == null ? Outcome.NO_CONNECTION : Outcome.BROKEN,
                    "no answer for " + seconds + " s");
        }
    }

    /** Ends it, with the job that runs. */
    private void leave(Outcome outcome, String why) {
        if (left) {
            return;
        }
        left = true;
        connecting.close();
        if (control != null) {
            control.close(null);
        }
        if (job != null) {
            Job last = job;
            job = null;
            last.sessionLeft(why);
        }
        jobs.left(this, outcome, why);
    }
}
