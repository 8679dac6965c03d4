package dev.pollux.nio;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.pollux.Poller;
import java.io.IOException;
import java.nio.channels.Selector;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.List;

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
        subjects.forEach(Subject::warmUp);
        return subjects;
    }

    /** Whether this is the JDK's own: where it keeps less than its javadoc promises. */
    boolean isJdk() {
        return name.equals(JDK);
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
