package dev.pollux.bench.peer;

import dev.pollux.DefaultSelector;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Pollux: descriptors and a handler. */
final class PolluxPeer implements PeerSelector {
    private static final Interest READ_WRITE = Interest.READ.plus(Interest.WRITE);
    private static final ReadyHandler HANDLER =
            (key, ready) -> {
                if (ready.isReadable()) {
                    ((Connection) key.attachment()).served++;
                }
            };

    private final FdSelector selector = DefaultSelector.open();
    private final FdEnds ends;
    private final Connection[] connections;
    private final FdKey[] keys;

    PolluxPeer(FdEnds ends) throws IOException {
        this.ends = ends;
        connections = Connection.of(ends.count());
        keys = new FdKey[ends.count()];
    }

    @Override
    public void register(int i) throws IOException {
        keys[i] = selector.register(ends.fd(i), Interest.READ, Trigger.LEVEL, connections[i]);
    }

    @Override
    public void unregister(int i) throws IOException {
        selector.unregister(keys[i]);
        keys[i] = null;
    }

    @Override
    public void modify(int i, boolean write) throws IOException {
        selector.modify(keys[i], write ? READ_WRITE : Interest.READ);
    }

    @Override
    public void poll() throws IOException {
        selector.poll(0, TimeUnit.NANOSECONDS, HANDLER);
    }

    @Override
    public void await() throws IOException {
        selector.poll(HANDLER);
    }

    @Override
    public void wakeup() {
        selector.wakeup();
    }

    @Override
    public long served(int i) {
        return connections[i].served;
    }

    @Override
    public void close() {
        selector.close();
    }
}
