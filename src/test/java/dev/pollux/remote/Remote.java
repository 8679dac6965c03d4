package dev.pollux.remote;

import dev.pollux.sys.Bindings;
import dev.pollux.sys.Syscalls;
import java.util.Locale;

/**
 * Whether the suite runs on another machine's kernel: {@code make test REMOTE=host:port}. There is
 * one agent then, for all of this JVM, and its binding is that of the process.
 */
public final class Remote {
    /** {@code host:port} of the agent. */
    public static final String PROPERTY = "pollux.remote";

    /** Which system it must be: linux, freebsd, openbsd, netbsd or macos. */
    public static final String OS = "pollux.remote.os";

    private static final int LIMIT_MILLIS = 60_000;
    private static final String WHERE = System.getProperty(PROPERTY, "").strip();

    private Remote() {}

    /** Opened by whoever asks first. */
    private static final class Connected {
        static final AgentLink LINK;
        static final AgentLibc LIBC;
        static final Syscalls SYS;
        static final AgentLink.AgentLost FAILED;

        static {
            AgentLink link = null;
            AgentLink.AgentLost failed = null;
            Syscalls sys = null;
            try {
                String os = System.getProperty(OS, "").strip().toLowerCase(Locale.ROOT);
                link = new AgentLink(WHERE, os, LIMIT_MILLIS);
                sys = new AgentSyscalls(link, Bindings.current(), DeviceNumbers.ask(link));
                serve(sys);
            } catch (AgentLink.AgentLost e) {
                failed = e;
            } catch (Bindings.Unavailable e) {
                throw new AssertionError(e);
            }
            LINK = link;
            LIBC = link == null ? null : new AgentLibc(link);
            SYS = sys;
            FAILED = failed;
        }

        /** Nothing but this may take the place of a process's binding: so it is nobody's method. */
        private static void serve(Syscalls sys) {
            try {
                var current = Bindings.class.getDeclaredField("current");
                current.setAccessible(true);
                current.set(null, sys);
            } catch (ReflectiveOperationException e) {
                throw new AssertionError(e);
            }
        }
    }

    public static boolean isOn() {
        return !WHERE.isEmpty();
    }

    /** Why there is no more to be asked of the agent, or null. */
    public static AgentLink.AgentLost lost() {
        return Connected.FAILED != null ? Connected.FAILED : Connected.LINK.lost();
    }

    /** The connection; throws {@link AgentLink.AgentLost} where there never was one. */
    public static AgentLink link() {
        if (Connected.FAILED != null) {
            throw Connected.FAILED;
        }
        return Connected.LINK;
    }

    public static AgentLibc libc() {
        link();
        return Connected.LIBC;
    }

    public static Syscalls sys() {
        link();
        return Connected.SYS;
    }

    /** What tests run on: {@code "freebsd"}; that of this JVM where there is no agent. */
    public static String system() {
        if (isOn()) {
            return lost() == null ? link().text("os") : "unknown";
        }
        String name = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        return name.startsWith("mac") ? "macos" : name;
    }

    /** A number of that system's headers. */
    public static int constant(String name) {
        return (int) link().constant(name);
    }
}
