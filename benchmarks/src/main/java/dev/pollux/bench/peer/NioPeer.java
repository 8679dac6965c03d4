package dev.pollux.bench.peer;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.function.IntFunction;

/** Whatever has java.nio's interface; two ways to get at what was selected. */
abstract class NioPeer implements PeerSelector {
    private static final int READ_WRITE = SelectionKey.OP_READ | SelectionKey.OP_WRITE;

    final Selector selector;
    private final SelectableChannel[] channels;
    private final Connection[] connections;
    private final SelectionKey[] keys;

    NioPeer(Selector selector, int count, IntFunction<SelectableChannel> channel) {
        this.selector = selector;
        channels = new SelectableChannel[count];
        for (int i = 0; i < count; i++) {
            channels[i] = channel.apply(i);
        }
        connections = Connection.of(count);
        keys = new SelectionKey[count];
    }

    static void serve(SelectionKey key) {
        if (key.isReadable()) {
            ((Connection) key.attachment()).served++;
        }
    }

    @Override
    public final void register(int i) throws IOException {
        keys[i] = channels[i].register(selector, SelectionKey.OP_READ, connections[i]);
    }

    @Override
    public final void unregister(int i) {
        keys[i].cancel();
        keys[i] = null;
    }

    @Override
    public final void modify(int i, boolean write) {
        keys[i].interestOps(write ? READ_WRITE : SelectionKey.OP_READ);
    }

    @Override
    public final void await() throws IOException {
        selector.select();
    }

    @Override
    public final void wakeup() {
        selector.wakeup();
    }

    @Override
    public final long served(int i) {
        return connections[i].served;
    }

    @Override
    public final void close() throws IOException {
        selector.close();
    }
}
