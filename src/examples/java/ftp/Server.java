package ftp;

import dev.pollux.ChannelFd;
import dev.pollux.ListenFds;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All sessions of the server, and who may have one. One thread calls {@link #run}. */
final class Server implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("ftp.server");

    final Settings settings;
    final Loop loop;
    final Counters count = new Counters();
    final Jail root;
    final Users users;
    final Worker passwords;
    final Worker disk;

    private final List<Acceptor> acceptors = new ArrayList<>();
    private final Set<Session> sessions = new LinkedHashSet<>();
    private final Map<String, Integer> connectionsOf = new HashMap<>(); // by user

    Server(Settings settings) throws IOException {
        this.settings = settings;
        Preloaded.all();
        root = new Jail(settings.root);
        users = settings.users == null ? new Users(List.of()) : Users.load(settings.users);
        for (Path leftover : root.leftovers()) {
            LOG.info("removing an unfinished upload of an earlier run: {}", leftover);
            Files.delete(leftover);
        }
        loop = new Loop();
        passwords = new Worker(loop, "passwords");
        disk = new Worker(loop, "disk");
        try {
            for (ServerSocketChannel channel : settings.inherit ? inherited() : bound()) {
                acceptors.add(new Acceptor(loop, channel, count, this::admit));
            }
        } catch (IOException e) {
            close();
            throw e;
        }
        loop.everySecond(this::tick);
    }

    private List<ServerSocketChannel> bound() throws IOException {
        var channels = new ArrayList<ServerSocketChannel>();
        for (String address : settings.bind) {
            var at = new InetSocketAddress(address, settings.port);
            if (at.isUnresolved()) {
                throw new IOException("no such address: " + address);
            }
            channels.add(Acceptor.listen(at));
        }
        return channels;
    }

    /** What systemd has passed. */
    private static List<ServerSocketChannel> inherited() throws IOException {
        var channels = new ArrayList<ServerSocketChannel>();
        for (ListenFds.Passed passed : ListenFds.ofEnvironment()) {
            channels.add(ChannelFd.adoptServerSocket(passed.fd()));
        }
        if (channels.isEmpty()) {
            throw new IOException("--inherit: nothing was passed in LISTEN_FDS to this process");
        }
        return channels;
    }

    /** Serves until {@link #stop}. */
    void run() throws IOException {
        loop.run();
    }

    /** Any thread. */
    void stop() {
        loop.stop();
    }

    private void admit(SocketChannel channel) {
        try {
            if (sessions.size() >= settings.maxConnections) {
                count.sessionsRefused++;
                turnAway(channel);
                return;
            }
            var session = new Session(this, channel);
            sessions.add(session);
            count.sessions++;
            count.sessionsAtOnce = Math.max(count.sessionsAtOnce, sessions.size());
            session.reply(220, "Pollux FTP example");
        } catch (IOException e) { // gone already, or fs.epoll.max_user_watches
            LOG.warn("not admitted: {}", e.getMessage());
            Closing.quietly(channel);
        }
    }

    /** As much as the kernel takes at once: it is empty, and takes a line. */
    private static void turnAway(SocketChannel channel) throws IOException {
        try (channel) {
            channel.configureBlocking(false);
            String line = "421 too many connections\r\n";
            channel.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII)));
        }
    }

    boolean hasRoomFor(Users.User user) {
        return connectionsOf.getOrDefault(user.name(), 0) < settings.maxPerUser;
    }

    void entered(Users.User user) {
        count.logins++;
        connectionsOf.merge(user.name(), 1, Integer::sum);
    }

    void left(Session session) {
        sessions.remove(session);
        if (session.user() != null) {
            connectionsOf.merge(session.user().name(), -1, Integer::sum);
        }
    }

    private void tick() {
        for (Acceptor acceptor : acceptors) {
            try {
                acceptor.tick();
            } catch (IOException e) {
                acceptor.failed(e);
            }
        }
        List.copyOf(sessions).forEach(Session::tick);
    }

    /** Where it listens, each with how. */
    List<String> addresses() {
        return acceptors.stream().map(at -> "FTP server on " + at + " (" + loop + ")").toList();
    }

    String table() {
        return count.table(loop.buffers);
    }

    @Override
    public void close() {
        acceptors.forEach(Acceptor::close);
        for (Session session : List.copyOf(sessions)) {
            session.control.close(null);
        }
        passwords.close();
        disk.close();
        loop.close();
    }
}
