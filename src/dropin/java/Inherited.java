import java.nio.channels.ServerSocketChannel;
import java.util.List;

/**
 * The socket that a parent process has passed, as systemd does. It takes Pollux to make a channel
 * of it, which is no dependency here: by reflection, then, in place of the two calls.
 */
final class Inherited {
    /** A program is told so. */
    static final String OPTION = "--inherit";

    /** Passes a listening socket as descriptor 3, and becomes the program. */
    static final List<String> PARENT =
            List.of(
                    "python3",
                    "-c",
                    """
                    import os, socket, sys
                    s = socket.socket()
                    s.bind(("127.0.0.1", 0))
                    s.listen(128)
                    os.dup2(s.fileno(), 3)
                    os.set_inheritable(3, True)
                    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
                    os.execvp(sys.argv[1], sys.argv[1:])
                    """);

    private Inherited() {}

    static boolean isAsked(String[] args) {
        return List.of(args).contains(OPTION);
    }

    /** {@code ChannelFd.adoptServerSocket(ListenFds.ofEnvironment().get(0).fd())}. */
    static ServerSocketChannel channel() throws Exception {
        var all =
                (List<?>)
                        Class.forName("dev.pollux.ListenFds")
                                .getMethod("ofEnvironment")
                                .invoke(null);
        Object first = all.get(0);
        Object fd = first.getClass().getMethod("fd").invoke(first);
        return (ServerSocketChannel)
                Class.forName("dev.pollux.ChannelFd")
                        .getMethod("adoptServerSocket", int.class)
                        .invoke(null, fd);
    }
}
