/**
 * Waiting for file descriptors: a thin readiness multiplexer over epoll, kqueue, poll and select.
 *
 * <p>Open a selector with {@link dev.pollux.DefaultSelector#open()}, {@linkplain
 * dev.pollux.FdSelector#register register} any descriptor with what to wait for ({@link
 * dev.pollux.Interest}) and how often to report it ({@link dev.pollux.Trigger}), and {@linkplain
 * dev.pollux.FdSelector#poll poll} with a handler that is given each {@link dev.pollux.FdKey} and
 * what it is {@link dev.pollux.Ready} for. Descriptors come from {@link dev.pollux.Fd}, from {@link
 * dev.pollux.ChannelFd}, or from native code. Every failure is a {@link
 * dev.pollux.PolluxException}.
 *
 * <p>{@link dev.pollux.nio.PolluxSelectorProvider} puts {@code java.nio} on it.
 *
 * <pre>{@code
 * try (var selector = DefaultSelector.open()) {
 *     int[] pipe = Fd.pipe();
 *     selector.register(pipe[0], Interest.READ, Trigger.EDGE, "the reading end");
 *     Fd.write(pipe[1], ByteBuffer.wrap(new byte[] {1}));
 *     selector.poll((key, ready) -> System.out.println(key.attachment() + " is " + ready));
 * }
 * }</pre>
 */
@SuppressWarnings("requires-automatic") // jnr-ffi and jffi have only automatic module names
module dev.pollux {
    requires static java.management; // for who asks for CountersBean
    requires static jdk.jfr; // for who records
    requires static org.jnrproject.ffi;
    requires static org.jnrproject.jffi;

    exports dev.pollux;
    exports dev.pollux.nio;

    opens dev.pollux.sys.jnr; // the classes that jnr-ffi makes live in an unnamed module
}
