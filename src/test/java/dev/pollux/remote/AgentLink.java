package dev.pollux.remote;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The connection to an agent: threads make calls, each waits for its own answer, and one reads them
 * all. What is wrong with the agent ends the connection, and from then on every call throws the
 * same {@link AgentLost}.
 */
public final class AgentLink implements AutoCloseable {
    /** The connection is of no more use; the message says why. */
    public static final class AgentLost extends AssertionError {
        private static final long serialVersionUID = 1L;

        AgentLost(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** What a call returned: its result or the negated errno, and the bytes that came with it. */
    record Answer(long result, byte[] bytes) {}

    /** A call under way; guarded by the lock. */
    private static final class Pending {
        final AgentCall call;
        final int room;
        final Thread thread = Thread.currentThread();
        final Condition answered;
        Answer answer;

        Pending(AgentCall call, int room, Condition answered) {
            this.call = call;
            this.room = room;
            this.answered = answered;
        }
    }

    private static final int LOOKS = 4; // at whether an answer comes, within the limit
    private static final int HEADER = 52; // of a request, behind its size
    private static final int ANSWER = 12; // likewise
    private static final int NO_ERROR_BELOW = -4096;

    private final String name;
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private final Greeting greeting;
    private final int[] numbers = new int[AgentCall.values().length];
    private final int limitMillis;

    private final ReentrantLock lock = new ReentrantLock();
    private final ReentrantLock writing = new ReentrantLock(); // not to be taken under the other
    private final Map<Integer, Pending> pending = new HashMap<>(); // by sequence
    private int sequence;
    private volatile AgentLost lost;

    /**
     * Connects to {@code host:port}.
     *
     * @param os which system it must be, in small letters; empty: any
     * @param limitMillis how long an agent may be silent while it is asked
     */
    public AgentLink(String hostPort, String os, int limitMillis) {
        this.limitMillis = limitMillis;
        name = hostPort;
        socket = new Socket();
        try {
            socket.connect(address(hostPort), limitMillis);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(limitMillis);
            in = new BufferedInputStream(socket.getInputStream());
            out = socket.getOutputStream();
            greeting = Greeting.read(in);
            for (AgentCall call : AgentCall.values()) {
                numbers[call.ordinal()] = (int) greeting.number("call:" + call);
            }
            if (!os.isEmpty() && !os.equals(greeting.system())) {
                throw new IOException(
                        "it is on " + greeting.system() + ", and the suite was meant for " + os);
            }
            socket.setSoTimeout(Math.max(1, limitMillis / LOOKS));
        } catch (SocketTimeoutException e) {
            closeSocket();
            throw lost("it has said nothing for " + limitMillis + " ms", e);
        } catch (IOException | IllegalArgumentException e) {
            closeSocket();
            throw lost(String.valueOf(e.getMessage()), e);
        }
        var reader = new Thread(this::readAnswers, "answers of " + name);
        reader.setDaemon(true);
        reader.start();
    }

    private static InetSocketAddress address(String hostPort) {
        int colon = hostPort.lastIndexOf(':');
        if (colon < 1) {
            throw new IllegalArgumentException("it is not HOST:PORT");
        }
        int port = Integer.parseInt(hostPort.substring(colon + 1));
        return new InetSocketAddress(hostPort.substring(0, colon), port);
    }

    private AgentLost lost(String why, Throwable cause) {
        return new AgentLost("the agent at " + name + ": " + why, cause);
    }

    /** What was wrong with it, or null. */
    public AgentLost lost() {
        return lost;
    }

    /** Ends the connection: for who has found the agent lying. */
    AgentLost fail(String why, Throwable cause) {
        lock.lock();
        try {
            if (lost == null) {
                lost = lost(why, cause);
            }
            pending.values().forEach(each -> each.answered.signal());
        } finally {
            lock.unlock();
        }
        closeSocket();
        return lost;
    }

    private void closeSocket() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the agent said of its machine, see {@link Greeting}. */
    long constant(String constant) {
        try {
            return greeting.number(constant);
        } catch (IOException e) {
            throw fail(e.getMessage(), e);
        }
    }

    /** As {@link #constant}. */
    String text(String constant) {
        try {
            return constant.equals("os") ? greeting.system() : greeting.text(constant);
        } catch (IOException e) {
            throw fail(e.getMessage(), e);
        }
    }

    /** Makes a call there, and waits for its end without regard to interrupts. */
    Answer call(AgentCall call, byte[] bytes, int room, long... arguments) {
        return call(call, numbers[call.ordinal()], bytes, room, arguments);
    }

    /** A call by this number, which no agent knows. */
    Answer callNumber(int number) {
        return call(AgentCall.ping, number, new byte[0], 0);
    }

    private Answer call(AgentCall call, int which, byte[] bytes, int room, long... arguments) {
        Pending mine = new Pending(call, room, lock.newCondition());
        int number;
        lock.lock();
        try {
            number = ++sequence;
            pending.put(number, mine);
        } finally {
            lock.unlock();
        }
        send(number, which, bytes, room, arguments);
        lock.lock();
        try {
            while (mine.answer == null && lost == null) {
                mine.answered.awaitUninterruptibly();
            }
            if (mine.answer == null) {
                throw new AgentLost(lost.getMessage(), lost);
            }
            return mine.answer;
        } finally {
            pending.remove(number);
            lock.unlock();
        }
    }

    private void send(int number, int call, byte[] bytes, int room, long... arguments) {
        var frame = ByteBuffer.allocate(4 + HEADER + bytes.length);
        frame.putInt(HEADER + bytes.length).putInt(number).putInt(call);
        frame.putInt(room);
        for (int i = 0; i < 5; i++) {
            frame.putLong(i < arguments.length ? arguments[i] : 0);
        }
        frame.put(bytes);
        writing.lock();
        try {
            out.write(frame.array());
        } catch (IOException e) {
            fail("the connection has failed: " + e.getMessage(), e);
        } finally {
            writing.unlock();
        }
    }

    /** Whether this thread is in a call that waits, and the agent has begun with it. */
    public boolean waits(Thread thread) {
        return isSent(thread)
                && call(AgentCall.ping, new byte[0], 0).result()
                        == 0 // what was sent before is read
                && isSent(thread);
    }

    /** Whether it is in such a call, begun or not. */
    boolean isSent(Thread thread) {
        lock.lock();
        try {
            return pending.values().stream()
                    .anyMatch(each -> each.thread == thread && each.call.waits);
        } finally {
            lock.unlock();
        }
    }

    private void readAnswers() {
        try {
            while (lost == null) {
                readAnswer();
            }
        } catch (IOException e) {
            fail(String.valueOf(e.getMessage()), e);
        }
    }

    private void readAnswer() throws IOException {
        int size = ByteBuffer.wrap(readFully(4)).getInt();
        if (size < ANSWER) {
            throw new IOException("it lies: an answer of " + size + " bytes");
        }
        ByteBuffer header = ByteBuffer.wrap(readFully(ANSWER));
        int number = header.getInt();
        long result = header.getLong();
        int length = size - ANSWER;
        if (number == 0 && length == 0) {
            return; // to the reader's own question
        }
        lock.lock();
        Pending asked;
        try {
            asked = pending.get(number);
        } finally {
            lock.unlock();
        }
        if (asked == null || asked.answer != null) {
            throw new IOException("it lies: an answer that nobody has asked for");
        }
        if (result == Long.MIN_VALUE) {
            throw new IOException(
                    "no thread is left there for " + asked.call + ": all are in calls that wait");
        }
        if (length > asked.room || result > Integer.MAX_VALUE || result < NO_ERROR_BELOW) {
            throw new IOException(
                    "it lies: "
                            + asked.call
                            + " returned "
                            + result
                            + " with "
                            + length
                            + " bytes, where there was room for "
                            + asked.room);
        }
        var answer = new Answer(result, readFully(length));
        lock.lock();
        try {
            asked.answer = answer;
            asked.answered.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Asks, while nothing comes, whether anybody is there. */
    private byte[] readFully(int length) throws IOException {
        byte[] bytes = new byte[length];
        int silent = 0;
        for (int at = 0; at < length; ) {
            try {
                int n = in.read(bytes, at, length - at);
                if (n < 0) {
                    throw new EOFException("it has closed the connection, or has died");
                }
                at += n;
                silent = 0;
            } catch (SocketTimeoutException e) {
                if (++silent > LOOKS) {
                    throw new IOException("it does not answer for " + limitMillis + " ms", e);
                }
                askWhetherItIsThere();
            }
        }
        return bytes;
    }

    private void askWhetherItIsThere() throws IOException {
        try {
            if (writing.tryLock(0, TimeUnit.SECONDS)) { // or else it takes nothing any more
                writing.unlock();
                send(0, numbers[AgentCall.ping.ordinal()], new byte[0], 0);
            }
        } catch (InterruptedException e) {
            throw new IOException("interrupted", e);
        }
    }

    /** Ends the agent's process for this connection, and all that it had open. */
    @Override
    public void close() {
        if (lost == null) {
            fail("closed", null);
        }
    }
}
