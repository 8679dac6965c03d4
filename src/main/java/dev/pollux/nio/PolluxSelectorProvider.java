package dev.pollux.nio;

import dev.pollux.Backend;
import dev.pollux.DefaultSelector;
import dev.pollux.FdSelector;
import dev.pollux.PolluxException;
import dev.pollux.sys.Privileged;
import dev.pollux.sys.jdk.JdkChannels;
import java.io.IOException;
import java.net.ProtocolFamily;
import java.nio.channels.Channel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Puts {@code java.nio} on Pollux: selectors that stand on {@link FdSelector}, and the JDK's own
 * channels. Either for a whole process, with the system property
 *
 * <pre>
 * -Djava.nio.channels.spi.SelectorProvider=dev.pollux.nio.PolluxSelectorProvider
 * </pre>
 *
 * or for one selector, which takes any channel of the JDK's, whoever opened it:
 *
 * <pre>{@code
 * try (Selector selector = new PolluxSelectorProvider().openSelector();
 *         ServerSocketChannel server = ServerSocketChannel.open()) {
 *     server.bind(null).configureBlocking(false);
 *     server.register(selector, SelectionKey.OP_ACCEPT);
 *     selector.select(key -> System.out.println("somebody calls at " + key.channel()));
 * }
 * }</pre>
 *
 * <p>A selector keeps to the documentation of {@link java.nio.channels.Selector}; its keys are
 * {@link PolluxSelectionKey}s. What is different: a selection allocates nothing; {@link
 * PolluxSelectionKey#trigger(dev.pollux.Trigger)} makes a registration edge-triggered; and a
 * channel that the kernel has no room for, which the JDK forgets, is tried again until the kernel
 * takes it, with a warning logged.
 *
 * <p>The backend is the one that {@link DefaultSelector} chooses. If none works, because the native
 * library cannot be loaded, opening a selector fails and says why and what to do, rather than that
 * the process goes on with something else than it was told to. With the system property {@code
 * pollux.nio.unavailable=jdk} it opens one of the JDK's own instead, and logs a warning, once.
 * Where neither JNI nor FFM serves, both that and all channels need {@code sun.misc.Unsafe}, which
 * JDKs from 24 on warn of, and a later one than 28 will refuse: there no channel can be opened by
 * this provider then.
 *
 * <p>Agrona up to 1.12 (Aeron 1.35) replaces fields of the JDK's own selector class, and does not
 * run on any other selector; later ones do.
 *
 * <p>All methods may be called by any thread. A virtual thread that selects frees its carrier while
 * it waits, on JDK 24 and later; before, the monitors that a selection holds keep it, and the
 * scheduler adds another one meanwhile, as for the JDK's own selectors. On macOS, {@link
 * DatagramChannel#disconnect} fails with an {@link InternalError} while the channel is registered
 * here: the JDK takes its keys for its own.
 */
public final class PolluxSelectorProvider extends SelectorProvider {
    private static final String PROPERTY = "java.nio.channels.spi.SelectorProvider";

    static final String UNAVAILABLE = "pollux.nio.unavailable";

    private static final AtomicBoolean WARNED = new AtomicBoolean();

    private final Backend backend; // null: the one that DefaultSelector chooses

    /** A provider; all are alike. Touches nothing native before something is opened. */
    public PolluxSelectorProvider() {
        this(null);
    }

    PolluxSelectorProvider(Backend backend) {
        this.backend = backend;
    }

    /**
     * Opens a selector.
     *
     * @return the selector; close it
     * @throws IOException if there is no descriptor or no memory left ({@link
     *     PolluxException.LimitReached}), or Pollux does not work here
     * @throws IllegalArgumentException if a system property of Pollux has a value that it cannot
     *     have
     */
    @Override
    public AbstractSelector openSelector() throws IOException {
        boolean orElse = mayFallBack();
        FdSelector fds;
        try {
            fds = backend == null ? DefaultSelector.open() : FdSelector.open(backend);
        } catch (PolluxException.Unsupported e) {
            if (orElse) {
                return ofTheJdk(e);
            }
            throw new IOException(
                    e.getMessage()
                            + without()
                            + "\nor set -D"
                            + UNAVAILABLE
                            + "=jdk, which takes the JDK's own selectors wherever Pollux does not"
                            + " work",
                    e);
        }
        try {
            requireChannels("openSelector");
        } catch (IOException | RuntimeException e) {
            fds.close();
            throw e;
        }
        return new NioSelector(this, fds);
    }

    private static boolean mayFallBack() {
        String value = Privileged.property(UNAVAILABLE, "fail").strip().toLowerCase(Locale.ROOT);
        if (value.equals("jdk") || value.equals("fail")) {
            return value.equals("jdk");
        }
        throw new IllegalArgumentException(UNAVAILABLE + "=" + value + " is none of fail, jdk");
    }

    private static AbstractSelector ofTheJdk(PolluxException.Unsupported why) throws IOException {
        requireChannels("openSelector"); // its provider is found in the same way
        if (WARNED.compareAndSet(false, true)) {
            System.getLogger(PolluxSelectorProvider.class.getPackageName())
                    .log(
                            System.Logger.Level.WARNING,
                            "java.nio goes on with the JDK''s own selectors: {0}",
                            why.getMessage());
        }
        return JdkChannels.provider().openSelector();
    }

    /** Whether it is a virtual machine as we know it. */
    private static void requireChannels(String operation) throws IOException {
        Throwable why = JdkChannels.unavailableBecause();
        if (why == null) {
            return;
        }
        if (why instanceof IllegalArgumentException) {
            throw new IllegalArgumentException(why.getMessage(), why); // a property's
        }
        String fallBack = mayFallBack() ? "; " + UNAVAILABLE + "=jdk cannot help on this JDK" : "";
        throw new IOException(
                operation
                        + ": the JDK's channels cannot be reached"
                        + fallBack
                        + ": "
                        + why.getMessage()
                        + without(),
                why);
    }

    /** One way out; not for who has opened a provider by hand. */
    private static String without() {
        String chosen = Privileged.call(() -> System.getProperty(PROPERTY, ""));
        return chosen.equals(PolluxSelectorProvider.class.getName())
                ? "\nto go without Pollux: take -D" + PROPERTY + " away"
                : "";
    }

    @Override
    public SocketChannel openSocketChannel() throws IOException {
        requireChannels("openSocketChannel");
        return JdkChannels.openSocket(this);
    }

    @Override
    public SocketChannel openSocketChannel(ProtocolFamily family) throws IOException {
        Objects.requireNonNull(family, "family");
        requireChannels("openSocketChannel");
        return JdkChannels.openSocket(this, family);
    }

    @Override
    public ServerSocketChannel openServerSocketChannel() throws IOException {
        requireChannels("openServerSocketChannel");
        return JdkChannels.openServer(this);
    }

    @Override
    public ServerSocketChannel openServerSocketChannel(ProtocolFamily family) throws IOException {
        Objects.requireNonNull(family, "family");
        requireChannels("openServerSocketChannel");
        return JdkChannels.openServer(this, family);
    }

    @Override
    public DatagramChannel openDatagramChannel() throws IOException {
        requireChannels("openDatagramChannel");
        return JdkChannels.openDatagram(this);
    }

    @Override
    public DatagramChannel openDatagramChannel(ProtocolFamily family) throws IOException {
        Objects.requireNonNull(family, "family");
        requireChannels("openDatagramChannel");
        return JdkChannels.openDatagram(this, family);
    }

    @Override
    public Pipe openPipe() throws IOException {
        requireChannels("openPipe");
        return JdkChannels.openPipe(this);
    }

    @Override
    public Channel inheritedChannel() throws IOException {
        requireChannels("inheritedChannel");
        return JdkChannels.provider().inheritedChannel();
    }
}
