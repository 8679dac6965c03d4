package ftp;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the next data connection of a session comes about: PASV and EPSV, or PORT and EPRT.
 *
 * <p>The last two let a client choose where the server connects to, and so make it attack others
 * (RFC 2577). They are off, and on request good for the client's own address and for ports of
 * programs alone, from 1024 on.
 */
final class DataPort {
    private static final Logger LOG = LoggerFactory.getLogger("ftp.data");
    private static final Pattern EPRT =
            Pattern.compile("([!-~])([12])\\1([0-9A-Fa-f:.]{2,45})\\1([0-9]{1,5})\\1");
    private static final String OCTET = "(25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])";
    private static final Pattern IPV4 = Pattern.compile("(" + OCTET + "\\.){3}" + OCTET);
    private static final Pattern PORT = Pattern.compile("[0-9]{1,3}(,[0-9]{1,3}){5}");

    private final Session session;
    private final Server server;
    private boolean onlyEpsv;
    private long preparedAt;

    // At most one of these four.
    private PassivePort passive;
    private SocketChannel channel; // came before the command that uses it
    private InetSocketAddress active;
    private Connecting connecting;

    private BiConsumer<SocketChannel, Exception> then; // null until a command uses it

    DataPort(Session session) {
        this.session = session;
        this.server = session.server;
    }

    boolean isPrepared() {
        return passive != null || channel != null || active != null || connecting != null;
    }

    boolean isOlderThan(int seconds) {
        return Settings.isOver(preparedAt, seconds);
    }

    void pasv() {
        if (onlyEpsv) {
            session.reply(501, "after EPSV ALL");
        } else if (!(session.local instanceof Inet4Address)) {
            session.reply(425, "not with IPv6: EPSV");
        } else if (listen()) {
            String address = session.local.getHostAddress().replace('.', ',');
            int port = passivePort();
            session.reply(
                    227,
                    "Entering Passive Mode ("
                            + address
                            + ","
                            + port / 256
                            + ","
                            + port % 256
                            + ")");
        }
    }

    void epsv(String argument) {
        String own = session.local instanceof Inet6Address ? "2" : "1";
        if (argument.equalsIgnoreCase("ALL")) {
            onlyEpsv = true;
            session.reply(200, "nothing but EPSV from now on");
        } else if (!argument.isEmpty() && !argument.equals(own)) {
            session.reply(522, "not that protocol, use (" + own + ")");
        } else if (listen()) {
            session.reply(229, "Entering Extended Passive Mode (|||" + passivePort() + "|)");
        }
    }

    private boolean listen() {
        close();
        preparedAt = System.nanoTime();
        try {
            passive =
                    new PassivePort(
                            server.loop,
                            session.local,
                            server.settings.range(),
                            session.peer,
                            this::hijack,
                            this::accepted);
            return true;
        } catch (IOException e) {
            LOG.warn("no port to listen on: {}", e.getMessage());
            session.reply(425, "no port is free at the moment");
            return false;
        }
    }

    private int passivePort() {
        return passive.port();
    }

    private void hijack() {
        server.count.hijacks++;
        LOG.warn("{}: refused a data connection from another address", session.name());
    }

    private void accepted(SocketChannel accepted, Exception problem) {
        passive = null;
        if (then != null) {
            finish(accepted, problem);
        } else {
            channel = accepted; // null after a problem: then the command says that there is none
        }
    }

    void port(String argument) {
        if (!PORT.matcher(argument).matches()) {
            session.reply(501, "h1,h2,h3,h4,p1,p2");
            return;
        }
        String[] n = argument.split(",");
        String address = String.join(".", n[0], n[1], n[2], n[3]);
        activate(address, Integer.parseInt(n[4]) * 256 + Integer.parseInt(n[5]));
    }

    void eprt(String argument) {
        Matcher matcher = EPRT.matcher(argument);
        if (!matcher.matches()) {
            session.reply(501, "|1|address|port| or |2|address|port|");
            return;
        }
        activate(matcher.group(3), Integer.parseInt(matcher.group(4)));
    }

    private void activate(String address, int port) {
        close();
        if (!server.settings.active) {
            session.reply(502, "off here; EPSV or PASV");
        } else if (onlyEpsv) {
            session.reply(501, "after EPSV ALL");
        } else if (!isPeer(address) || port < 1024 || port > 65535) {
            session.reply(501, "only to your own address, and a port from 1024 on");
        } else {
            active = new InetSocketAddress(session.peer, port);
            preparedAt = System.nanoTime();
            session.reply(200, "there it will go");
        }
    }

    /** Asks no DNS: what is no address, like 300.0.0.1, the JDK takes for a name. */
    private boolean isPeer(String address) {
        try {
            boolean number = address.contains(":") || IPV4.matcher(address).matches();
            return number && InetAddress.getByName(address).equals(session.peer);
        } catch (IOException e) {
            return false; // it is no address at all
        }
    }

    /** Calls it once, with the connection or with what went wrong; maybe at once. */
    void connect(BiConsumer<SocketChannel, Exception> then) {
        this.then = then;
        preparedAt = System.nanoTime();
        if (channel != null) {
            SocketChannel ready = channel;
            channel = null;
            finish(ready, null);
        } else if (active != null) {
            InetSocketAddress to = active;
            active = null;
            try {
                connecting = new Connecting(server.loop, session.local, to, this::finish);
            } catch (IOException e) {
                finish(null, e);
            }
        }
    }

    private void finish(SocketChannel connected, Exception problem) {
        connecting = null;
        BiConsumer<SocketChannel, Exception> waiting = then;
        then = null;
        waiting.accept(connected, problem);
    }

    void close() {
        if (passive != null) {
            passive.close();
            passive = null;
        }
        if (connecting != null) {
            connecting.close();
            connecting = null;
        }
        Closing.quietly(channel);
        channel = null;
        active = null;
        then = null;
    }
}
