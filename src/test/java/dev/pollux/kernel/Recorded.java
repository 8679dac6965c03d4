package dev.pollux.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.remote.Remote;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * Calls of kevent, what real kernels answered to them, and what their models cannot play. The
 * kernels were FreeBSD 12.3 and OpenBSD 7.3, booted in an emulator, and NetBSD 7.99.34, run as a
 * library; to them the calls were sent, one by one, on 2026-11-27, and then to OpenBSD 7.6. Nobody
 * has asked macOS. Where an agent makes the calls, its kernel is asked again, and has to say the
 * same.
 */
final class Recorded {
    /** What is asked. */
    @FunctionalInterface
    interface Calls {
        void on(KeventProbe probe) throws Exception;
    }

    private final String name;
    private final Calls calls;
    private final Map<KqueueModel, String> answers = new EnumMap<>(KqueueModel.class);
    private final Map<KqueueModel, String> notPlayed = new EnumMap<>(KqueueModel.class);

    private String newer; // of OpenBSD
    private boolean sent = true;
    private boolean played = true;

    private Recorded(String name, Calls calls) {
        this.name = name;
        this.calls = calls;
    }

    static Recorded of(String name, Calls calls) {
        return new Recorded(name, calls);
    }

    /** What all of them said, but for those that are named. */
    Recorded all(String answer) {
        return freebsd(answer).openbsd(answer).netbsd(answer);
    }

    Recorded freebsd(String answer) {
        answers.put(KqueueModel.FREEBSD, answer);
        return this;
    }

    Recorded openbsd(String answer) {
        answers.put(KqueueModel.OPENBSD, answer);
        return this;
    }

    /** What OpenBSD 7.3 said, whose model there is, and what 7.6 says. */
    Recorded openbsd(String answer, String since76) {
        newer = since76;
        return openbsd(answer);
    }

    Recorded netbsd(String answer) {
        answers.put(KqueueModel.NETBSD, answer);
        return this;
    }

    /** Why models answer otherwise; those named, or all. */
    Recorded notPlayed(String reason, KqueueModel... models) {
        for (KqueueModel model : models.length == 0 ? KqueueModel.values() : models) {
            notPlayed.put(model, reason);
        }
        return this;
    }

    /** Why the calls are made by an agent alone, and on no model. */
    Recorded onlySent(String reason) {
        played = false;
        return notPlayed(reason);
    }

    /** The calls are not made here, neither on a model nor by an agent. */
    Recorded notSent() {
        sent = false;
        return this;
    }

    /** Skips the test where there is neither a model nor the kernel that was asked. */
    static void requireKqueue() {
        if (Remote.isOn()) {
            boolean asked = Remote.system().matches("freebsd|openbsd|netbsd");
            assumeTrue(asked, () -> Remote.system() + " was not asked");
        } else {
            assumeTrue(Host.LINUX, KqueueModel.MADE_OF_EPOLL);
        }
    }

    private Stream<DynamicTest> each() {
        String system = Remote.isOn() ? Remote.system().toUpperCase(Locale.ROOT) : "";
        return answers.keySet().stream()
                .filter(model -> system.isEmpty() || model.name().equals(system))
                .map(
                        model ->
                                DynamicTest.dynamicTest(
                                        name + ", " + model.binding(), () -> test(model)));
    }

    /** One test for each of them and each kernel that was asked. */
    static Stream<DynamicTest> tests(Recorded... all) {
        return Stream.of(all).flatMap(Recorded::each);
    }

    private void test(KqueueModel model) throws Exception {
        int before = Fds.openCount();
        boolean made = Remote.isOn() ? sent : played;
        String by = Remote.isOn() ? "by an agent" : model.binding();
        assumeTrue(made, () -> by + ": " + notPlayed.get(model));
        String answer;
        try (var probe = new KeventProbe(model)) {
            calls.on(probe);
            answer = probe.answers();
        }
        assertEquals(before, Fds.openCount());
        String reason = Remote.isOn() ? null : notPlayed.get(model);
        boolean isNewer = Remote.isOn() && model == KqueueModel.OPENBSD && answer.equals(newer);
        if (isNewer) {
            return;
        }
        if (reason == null) {
            assertEquals(answers.get(model), answer);
        } else {
            assertNotEquals(answers.get(model), answer, "it is played");
            assumeTrue(false, () -> model.binding() + " does not play this: " + reason);
        }
    }
}
