package dev.pollux.nio;

import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.support.Host;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.nio.channels.Selector;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A provider under test. */
record Subject(String name, SelectorProvider provider, String unavailableBecause) {
    static final String JDK = "jdk";

    /** The JDK's own. */
    static SelectorProvider jdk() {
        return SelectorProvider.provider();
    }

    /** Every provider, available or not; the first is the JDK's own. */
    static List<Subject> all() {
        var subjects = new ArrayList<Subject>();
        subjects.add(new Subject(JDK, jdk(), null));
        String only = System.getProperty("pollux.backend", "").strip();
        for (Backend backend : Backend.values()) {
            boolean named = only.equalsIgnoreCase(backend.name());
            if (named || only.isEmpty() && backend != Backend.URING) {
                subjects.add(of(backend));
            }
        }
        subjects.forEach(Subject::warmUp);
        return subjects;
    }

    private static Subject of(Backend backend) {
        String name = "pollux/" + backend.name().toLowerCase(Locale.ROOT);
        var provider = new PolluxSelectorProvider(backend);
        try {
            provider.openSelector().close();
            return new Subject(name, provider, null);
        } catch (IOException e) {
            return new Subject(name, provider, e.getMessage());
        }
    }

    /** Whether this is the JDK's own: where it keeps less than its javadoc promises. */
    boolean isJdk() {
        return name.equals(JDK);
    }

    /** Whether its kernel interface reports errors and hang-ups: select(2) has no bit for them. */
    boolean reportsErrors() {
        return !name.equals("pollux/select");
    }

    /** Skips the test on libkqueue, which makes a kqueue of epoll: so it differs. */
    void emulationDeviates(String how) {
        boolean emulated = name.equals("pollux/kqueue") && Host.LINUX;
        assumeFalse(emulated, () -> name + " of libkqueue: " + how);
    }

    /** Skips the test on the JDK's own: it is about what only Pollux has. */
    void requireOurs() {
        assumeFalse(isJdk(), "the JDK's own selector has no triggers");
    }

    /** Whether its kernel interface has an edge-triggered mode. */
    boolean hasEdge() {
        return name.equals("pollux/epoll") || name.equals("pollux/kqueue");
    }

    static void requireVirtualThreads() {
        int here = Runtime.version().feature();
        assumeTrue(here >= Host.FIRST_VIRTUAL, () -> "JDK " + here + " has no virtual threads");
    }

    /** Skips the test where there is none. */
    void requireEdge() {
        requireOurs();
        assumeTrue(hasEdge(), () -> name + " has no edge-triggered mode");
    }

    /** Skips the test on the JDK's own selector: so it deviates from its javadoc. */
    void jdkDeviates(String how) {
        assumeFalse(isJdk(), () -> "the JDK's own selector: " + how);
    }

    /** What the JDK opens once and keeps is open before anybody counts. */
    private void warmUp() {
        if (unavailableBecause != null) {
            return;
        }
        try (var peers = new Peers(provider);
                Selector selector = provider.openSelector()) {
            peers.tcp().here().register(selector, 0);
            peers.unix();
            peers.udp();
            peers.pipe();
            Poller.run(selector::selectNow).result(); // Poller's class
        } catch (IOException e) {
            throw new AssertionError(this + " does not work at all", e);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
