package dev.pollux;

import dev.pollux.driver.OpenFile;
import dev.pollux.sys.Syscalls;
import dev.pollux.sys.jdk.AdoptedChannels;
import java.io.IOException;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.nio.channels.Channel;
import java.nio.channels.spi.SelectorProvider;

/** How {@link ChannelFd} makes a channel of a number: what the kernel says it is comes first. */
final class Adoption {
    /** What a socket can be made of; named after the method that makes it. */
    enum Kind {
        SERVER_SOCKET("adoptServerSocket", "a listening stream socket"),
        SOCKET("adoptSocket", "a connected stream socket"),
        DATAGRAM("adoptDatagram", "a datagram socket");

        private final String method;
        private final String words;

        Kind(String method, String words) {
            this.method = method;
            this.words = words;
        }

        private Channel open(SelectorProvider provider, ProtocolFamily family, int fd)
                throws IOException {
            return switch (this) {
                case SERVER_SOCKET -> AdoptedChannels.server(provider, family, fd);
                case SOCKET -> AdoptedChannels.socket(provider, family, fd);
                case DATAGRAM -> AdoptedChannels.datagram(provider, family, fd);
            };
        }
    }

    private final Kind wanted;
    private final int fd;
    private final String call;
    private final Syscalls sys;

    private Adoption(Kind wanted, int fd) throws PolluxException {
        this.wanted = wanted;
        this.fd = fd;
        this.call = wanted.method + "(fd=" + fd + ")";
        if (fd < 0) {
            throw new IllegalArgumentException(call + ": a descriptor is not negative");
        }
        Native.callsOnDescriptor(wanted.method, true);
        this.sys = Native.callsOnDescriptor(wanted.method, false);
    }

    /** The channel, in blocking mode; if this throws, the descriptor is its caller's as before. */
    static Channel adopt(Kind wanted, int fd) throws PolluxException {
        return new Adoption(wanted, fd).adopt();
    }

    private Channel adopt() throws PolluxException {
        int type = answer(sys.socketType(fd));
        if (type == 0) {
            throw wrong("it is " + noSocket() + ", and no socket: use it by its number, with Fd");
        }
        Throwable missing = AdoptedChannels.unavailableBecause();
        if (missing != null) {
            throw unsupported(
                    "the channels of this JDK cannot be made of a descriptor ("
                            + missing.getMessage()
                            + "); use it by its number, with Fd, or open a socket of your own",
                    missing);
        }
        ProtocolFamily family = AdoptedChannels.family(fd);
        requireWanted(type, family);
        int wasNonBlocking = answer(sys.isNonBlocking(fd));
        answer(sys.setNonBlocking(fd, false)); // as every new channel; the mode is the open file's
        Channel channel = null;
        try {
            channel = wanted.open(SelectorProvider.provider(), family, fd);
            return channel;
        } catch (IOException e) {
            throw failed(e);
        } catch (IllegalArgumentException e) { // InvalidPathException is one
            throw unsupported("the JDK cannot have its address: " + e.getMessage(), e);
        } finally {
            if (channel == null) {
                sys.setNonBlocking(fd, wasNonBlocking == 1);
            }
        }
    }

    private void requireWanted(int type, ProtocolFamily family) throws PolluxException {
        if (type != Syscalls.STREAM && type != Syscalls.DATAGRAM || family == null) {
            throw wrong(
                    "it is a socket of a kind that java.nio has no channels of (type "
                            + type
                            + (family == null ? ", of another family than IP and unix" : "")
                            + "): use it by its number, with Fd");
        }
        Kind is = kind(type);
        if (is == null) {
            throw wrong(
                    "it is a stream socket that neither listens nor is connected: whoever passes"
                            + " it has to call listen, or to wait until it is connected; or the peer"
                            + " has reset the connection: close it");
        }
        if (is != wanted) {
            throw wrong(
                    "it is " + is.words + " (" + family.name() + "): " + is.method + " takes it");
        }
        if (is == Kind.DATAGRAM && family == StandardProtocolFamily.UNIX) {
            throw unsupported(
                    "java.nio has no channel for datagrams of the unix domain; use it by its"
                            + " number, with Fd",
                    null);
        }
    }

    /** Null: a stream socket that is neither. */
    private Kind kind(int type) throws PolluxException {
        if (type == Syscalls.DATAGRAM) {
            return Kind.DATAGRAM;
        }
        if (answer(sys.isListening(fd)) == 1) {
            return Kind.SERVER_SOCKET;
        }
        return AdoptedChannels.isConnected(fd) ? Kind.SOCKET : null;
    }

    private String noSocket() {
        OpenFile file = OpenFile.of(sys, fd);
        OpenFile.Type type = file == null ? OpenFile.Type.OTHER : file.type();
        return switch (type) {
            case PIPE -> "a pipe";
            case DEVICE -> "a terminal or another device";
            default -> "a file, or another thing of the kernel's";
        };
    }

    private int answer(int rc) throws PolluxException {
        if (rc < 0) {
            throw PolluxException.of(sys.errno(), wanted.method, fd, call, -rc);
        }
        return rc;
    }

    private PolluxException wrong(String why) {
        return new PolluxException.WrongKind(
                wanted.method, fd, call + ": " + wanted.words + " is needed; " + why);
    }

    private PolluxException unsupported(String why, Throwable cause) {
        var e = new PolluxException.Unsupported(wanted.method, fd, 0, call + ": " + why);
        e.initCause(cause);
        return e;
    }

    /** The JDK's own errors, of a socket that was closed or reset meanwhile. */
    private PolluxException failed(IOException cause) {
        var e =
                new PolluxException(
                        wanted.method,
                        fd,
                        0,
                        call + ": " + cause.getMessage() + "; it has changed meanwhile");
        e.initCause(cause);
        return e;
    }
}
