package dev.pollux.bench;

import dev.pollux.bench.peer.Peer;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/** The peers that work here, and why the others do not. */
record Contenders(List<Peer> working, String missing) {
    private static final List<String> LIBRARIES =
            List.of(
                    "io.netty/netty-transport-native-epoll",
                    "com.github.jnr/jnr-enxio",
                    "ru.odnoklassniki/one-nio",
                    "com.kohlschutter.junixsocket/junixsocket-common");

    private static final List<Peer> CONSUMERS = List.of(Peer.JDK_CONSUMER, Peer.DROPIN_CONSUMER);

    static Contenders all() {
        var working = new ArrayList<Peer>();
        var missing = new StringBuilder();
        for (Peer peer : Peer.values()) {
            String reason = peer.unavailableBecause();
            if (reason == null) {
                working.add(peer);
            } else {
                missing.append(peer.title).append(" is left out: ").append(reason).append(". ");
            }
        }
        return new Contenders(List.copyOf(working), missing.toString());
    }

    /** Of the libraries, as Maven has noted them in the jar. */
    static String versions() throws IOException {
        var versions = new ArrayList<String>();
        for (String library : LIBRARIES) {
            var properties = new Properties();
            String file = "/META-INF/maven/" + library + "/pom.properties";
            try (InputStream in = Contenders.class.getResourceAsStream(file)) {
                if (in == null) {
                    throw new FileNotFoundException(file);
                }
                properties.load(in);
            }
            String name = library.substring(library.indexOf('/') + 1);
            versions.add(name + " " + properties.getProperty("version"));
        }
        return String.join(", ", versions) + ".";
    }

    /** Each by the interface that it is at its best with; other backends have chapters. */
    List<Peer> forPolls() {
        return without(List.of(Peer.POLLUX_POLL, Peer.POLLUX_URING));
    }

    /** A Consumer differs from selected keys only in how a poll hands over what it found. */
    List<Peer> forRegistrations() {
        return forPolls().stream().filter(peer -> !CONSUMERS.contains(peer)).toList();
    }

    /**
     * With Pollux on what jnr-enxio and junixsocket stand on, which is good at changes; and uring.
     */
    List<Peer> forChanges() {
        return without(CONSUMERS);
    }

    List<Peer> forWakeups() {
        return forRegistrations().stream().filter(peer -> peer != Peer.ONE_NIO).toList();
    }

    private List<Peer> without(List<Peer> some) {
        return working.stream().filter(peer -> !some.contains(peer)).toList();
    }
}
