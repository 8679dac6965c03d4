package dev.pollux.bench;

import dev.pollux.bench.peer.Peer;
import java.util.ArrayList;
import java.util.List;

/** The peers that work here, and why the others do not. */
record Contenders(List<Peer> working, String missing) {
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

    /** Each by the interface that it is at its best with; what stands on poll(2) is a peer's. */
    List<Peer> forPolls() {
        return without(List.of(Peer.POLLUX_POLL));
    }

    /** A Consumer differs from selected keys only in how a poll hands over what it found. */
    List<Peer> forRegistrations() {
        return forPolls().stream().filter(peer -> !CONSUMERS.contains(peer)).toList();
    }

    /** With Pollux on what jnr-enxio and junixsocket stand on: it is good at changes. */
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
