/* Multiplexing with Pollux, see IoModels; not an example of its own. */
package models;

import dev.pollux.Backend;
import dev.pollux.ChannelFd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PollResult;
import dev.pollux.Ready;
import dev.pollux.Trigger;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;

/** One thread waits for all connections in one system call, which says which are ready. */
final class Multiplexed implements Model {
    private static final Interest BOTH = Interest.READ.plus(Interest.WRITE);

    private final Backend backend;
    private final Trigger trigger;
    private FdSelector selector;
    private ServerSocketChannel listener;

    Multiplexed(Backend backend, Trigger trigger) {
        this.backend = backend;
        this.trigger = trigger;
    }

    @Override
    public int start() throws IOException {
        listener = Model.listen();
        listener.configureBlocking(false);
        selector = FdSelector.open(backend);
        selector.register(ChannelFd.of(listener), Interest.READ, Trigger.LEVEL, null);
        Model.spawn(
                "selector",
                () -> {
                    while (selector.poll(this::onReady) != PollResult.INTERRUPT) {}
                });
        return Model.port(listener);
    }

    private void onReady(FdKey key, Ready ready) throws IOException {
        if (key.attachment() == null) {
            accept();
        } else {
            echo(key, (Connection) key.attachment());
        }
    }

    private void accept() throws IOException {
        for (Connection next; (next = Connection.accept(listener)) != null; ) {
            Interest interest = trigger == Trigger.EDGE ? BOTH : Interest.READ;
            ChannelFd.register(selector, next.channel, interest, trigger, next);
        }
    }

    private void echo(FdKey key, Connection connection) throws IOException {
        Connection.State state =
                trigger == Trigger.EDGE ? connection.echoAll() : connection.echoOnce();
        if (state == Connection.State.OVER) {
            selector.unregisterAndClose(key);
        } else if (trigger == Trigger.LEVEL) { // EDGE watches both for good
            Interest wanted = state == Connection.State.WRITING ? Interest.WRITE : Interest.READ;
            if (wanted != key.interest()) {
                selector.modify(key, wanted);
            }
        }
    }
}
