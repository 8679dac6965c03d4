/* The I/O models by name, see IoModels; not an example of its own. */
package models;

import dev.pollux.Backend;
import dev.pollux.ChannelFd;
import dev.pollux.Trigger;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.util.function.Supplier;
import jnr.ffi.Platform;

/** What can be compared, in the order of the table. */
enum ModelName {
    THREADS("thread per connection", BlockingThreads::new),
    BUSY("busy polling", BusyPolling::new),
    SELECT("select", () -> new Multiplexed(Backend.SELECT, Trigger.LEVEL)),
    POLL("poll", () -> new Multiplexed(Backend.POLL, Trigger.LEVEL)),
    EPOLL_LEVEL("epoll LEVEL", () -> new Multiplexed(Backend.EPOLL, Trigger.LEVEL)),
    EPOLL_EDGE("epoll EDGE", () -> new Multiplexed(Backend.EPOLL, Trigger.EDGE)),
    SIGNAL("signal-driven (SIGIO)", SignalDriven::new),
    ASYNC("asynchronous channels", Asynchronous::new),
    VIRTUAL("virtual threads", VirtualThreads::new);

    final String title;
    private final Supplier<Model> model;

    ModelName(String title, Supplier<Model> model) {
        this.title = title;
        this.model = model;
    }

    Model create() {
        return model.get();
    }

    /** Why it cannot be served here; null if it can. */
    String unavailableBecause() {
        return switch (this) {
            case THREADS, BUSY, ASYNC -> null;
            case SELECT -> unavailableBecause(Backend.SELECT);
            case POLL -> unavailableBecause(Backend.POLL);
            case EPOLL_LEVEL, EPOLL_EDGE -> unavailableBecause(Backend.EPOLL);
            case SIGNAL -> {
                Platform.OS os = Platform.getNativePlatform().getOS();
                yield os == Platform.OS.LINUX
                        ? noDescriptorBecause()
                        : "SIGIO is sent in Linux's way here, not in that of " + os;
            }
            case VIRTUAL -> {
                String why = VirtualThreads.unavailableBecause();
                yield why == null ? noDescriptorBecause() : why;
            }
        };
    }

    private static String unavailableBecause(Backend backend) {
        String why = backend.unavailableBecause();
        return why == null ? noDescriptorBecause() : why;
    }

    /** Not every binding can tell the descriptor of a channel. */
    private static String noDescriptorBecause() {
        try (var channel = ServerSocketChannel.open()) {
            ChannelFd.of(channel);
            return null;
        } catch (IOException e) {
            return e.getMessage();
        }
    }
}
