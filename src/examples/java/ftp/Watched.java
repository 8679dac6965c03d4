package ftp;

import dev.pollux.ChannelFd;
import dev.pollux.FdKey;
import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.Trigger;
import java.io.IOException;
import java.nio.channels.SelectableChannel;

/** Something that the loop calls when its descriptor is ready, or when it is its turn. */
abstract class Watched {
    final Loop loop;
    boolean inLine; // the loop's
    private FdKey key; // null while it is not registered

    Watched(Loop loop) {
        this.loop = loop;
    }

    /** The kernel says that something can be done. */
    abstract void onReady(Ready ready) throws IOException;

    /** It asked for this with {@link Loop#getInLine}; may have ended meanwhile. */
    void turn() throws IOException {}

    /** One of the two has thrown; it ends, whatever it was. */
    abstract void failed(Exception e);

    /** Registers the channel, or changes what is waited for; null is nothing. */
    final void watch(SelectableChannel channel, Interest interest, Trigger trigger)
            throws IOException {
        if (interest == null) {
            unwatch();
        } else if (key == null) {
            key = ChannelFd.register(loop.selector, channel, interest, trigger, this);
        } else if (key.interest() != interest) {
            loop.selector.modify(key, interest, trigger);
        }
    }

    /** Waits for nothing; the channel stays open. */
    final void unwatch() throws IOException {
        if (key != null) {
            FdKey old = key;
            key = null;
            loop.selector.unregister(old);
        }
    }

    /** The end of the channel, in any case. */
    final void unwatchAndClose(SelectableChannel channel) {
        if (key != null) {
            FdKey old = key;
            key = null;
            Closing.quietly(() -> loop.selector.unregisterAndClose(old));
        }
        Closing.quietly(channel); // open still if nothing was waited for, or that has failed
    }
}
