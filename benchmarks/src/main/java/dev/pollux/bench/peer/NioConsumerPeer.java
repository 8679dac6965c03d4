package dev.pollux.bench.peer;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/** Each key is handed over. */
final class NioConsumerPeer extends NioPeer {
    private static final Consumer<SelectionKey> HANDLER = NioPeer::serve;

    NioConsumerPeer(Selector selector, int count, IntFunction<SelectableChannel> channel) {
        super(selector, count, channel);
    }

    @Override
    public void poll() throws IOException {
        selector.selectNow(HANDLER);
    }
}
