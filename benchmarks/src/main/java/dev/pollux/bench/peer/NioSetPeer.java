package dev.pollux.bench.peer;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.function.IntFunction;

/** The set of selected keys is gone through, then cleared. */
final class NioSetPeer extends NioPeer {
    NioSetPeer(Selector selector, int count, IntFunction<SelectableChannel> channel) {
        super(selector, count, channel);
    }

    @Override
    public void poll() throws IOException {
        selector.selectNow();
        for (SelectionKey key : selector.selectedKeys()) {
            serve(key);
        }
        selector.selectedKeys().clear();
    }
}
