package dev.pollux.bench.peer;

import java.io.IOException;
import java.util.Iterator;
import one.nio.net.Selector;
import one.nio.net.Session;
import one.nio.net.Socket;

/** one-nio's selector, which is a native one where its library loads. */
final class OneNioPeer implements PeerSelector {
    private static final class Held extends Session {
        private long served;

        Held(Socket socket) {
            super(socket);
        }

        void serve() {
            if ((events & READABLE) != 0) {
                served++;
            }
        }
    }

    private final Selector selector = Selector.create();
    private final Held[] sessions;

    OneNioPeer(FdEnds ends) throws IOException {
        sessions = new Held[ends.count()];
        for (int i = 0; i < sessions.length; i++) {
            sessions[i] = new Held(Socket.fromFD(ends.fd(i)));
        }
    }

    @Override
    public void register(int i) {
        selector.register(sessions[i]);
    }

    @Override
    public void unregister(int i) {
        selector.unregister(sessions[i]);
    }

    @Override
    public void modify(int i, boolean write) {
        sessions[i].listen(write ? Session.READABLE | Session.WRITEABLE : Session.READABLE);
    }

    /** It always waits; in all that is measured with it something is ready. */
    @Override
    public void poll() {
        for (Iterator<Session> ready = selector.select(); ready.hasNext(); ) {
            ((Held) ready.next()).serve();
        }
    }

    @Override
    public void await() {
        throw new UnsupportedOperationException("one-nio has no wakeup");
    }

    @Override
    public void wakeup() {
        throw new UnsupportedOperationException("one-nio has no wakeup");
    }

    @Override
    public long served(int i) {
        return sessions[i].served;
    }

    @Override
    public void close() {
        selector.close();
    }
}
