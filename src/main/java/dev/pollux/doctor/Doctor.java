package dev.pollux.doctor;

import dev.pollux.Backend;
import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Trigger;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.Syscalls;
import java.io.IOException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** Tries what this JVM, on this system, lets Pollux do, and says why not where it does not. */
final class Doctor {
    private static final int FIRST_TO_WARN = 24; // the JDK that warns of native access, JEP 472
    private static final int FIRST_TO_ASK = 22; // that has Module.isNativeAccessEnabled

    private final Report report;

    Doctor(Report report) {
        this.report = report;
    }

    /** Whether a selector opens and one event passes. */
    boolean examine() {
        here();
        bindings();
        backends();
        boolean works = event();
        report.section("Java");
        nativeAccess();
        report.fact("virtual threads", VirtualThreadTrial.run());
        new Surroundings(report).examine();
        return works;
    }

    private void here() {
        report.section("Pollux");
        String version = Doctor.class.getPackage().getImplementationVersion();
        report.fact("version", version == null ? "unknown, not started from its jar" : version);
        URL place = Doctor.class.getProtectionDomain().getCodeSource().getLocation();
        report.fact("classes", place.toString());
        var properties = new TreeMap<String, Object>();
        for (String name : System.getProperties().stringPropertyNames()) {
            if (name.startsWith("pollux.")) {
                properties.put(name, System.getProperty(name));
            }
        }
        if (!properties.isEmpty()) {
            report.fact("properties", properties);
        }
        report.fact(
                "system",
                System.getProperty("os.name")
                        + " "
                        + System.getProperty("os.version")
                        + ", "
                        + System.getProperty("os.arch"));
        report.fact(
                "JDK",
                Runtime.version().toString(),
                Runtime.version() + ", " + System.getProperty("java.home"));
    }

    private void bindings() {
        report.section("bindings");
        for (String name : Bindings.NAMES) {
            try {
                Syscalls sys = Bindings.open(name);
                report.verdict(name, true, "loaded", sys.loadedFrom());
                report.fact(name + " returns", sys.returns());
            } catch (Bindings.Unavailable | IllegalArgumentException e) {
                report.verdict(name, false, "because", e.getMessage());
            }
        }
    }

    private void backends() {
        report.section("backends");
        for (Backend backend : Backend.values()) {
            String name = backend.name().toLowerCase(Locale.ROOT);
            try {
                String why = backend.unavailableBecause();
                report.verdict(name, why == null, "because", why);
            } catch (IllegalArgumentException e) {
                report.verdict(name, false, "because", e.getMessage()); // of a property
            }
        }
    }

    private boolean event() {
        report.section("trial");
        try (FdSelector selector = DefaultSelector.open()) {
            boolean passes = passesOneEvent(selector);
            report.verdict("one event", passes, "by", selector.toString());
            return passes;
        } catch (IOException | IllegalArgumentException e) {
            report.verdict("one event", false, "because", e.getMessage());
            return false;
        }
    }

    private static boolean passesOneEvent(FdSelector selector) throws IOException {
        int[] pipe = Fd.pipe();
        try {
            var seen = new int[1];
            FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
            Fd.write(pipe[1], ByteBuffer.wrap(new byte[1]));
            selector.poll(
                    1,
                    TimeUnit.SECONDS,
                    (reported, ready) -> seen[0] += reported == key && ready.isReadable() ? 1 : 0);
            selector.unregister(key);
            return seen[0] == 1;
        } finally {
            Fd.close(pipe[0]);
            Fd.close(pipe[1]);
        }
    }

    private void nativeAccess() {
        int version = Runtime.version().feature();
        if (version < FIRST_TO_ASK) {
            report.fact(
                    "native access",
                    true,
                    "allowed to all: JDK "
                            + version
                            + " does not ask;\nfrom JDK "
                            + FIRST_TO_WARN
                            + " on a program needs --enable-native-access");
            return;
        }
        boolean enabled;
        try {
            var asked = Module.class.getMethod("isNativeAccessEnabled");
            enabled = (boolean) asked.invoke(Doctor.class.getModule());
        } catch (ReflectiveOperationException e) {
            report.fact("native access", null, "not known: " + e);
            return;
        }
        report.fact(
                "native access",
                enabled,
                enabled
                        ? "allowed to this program, as `java -jar pollux.jar` always is;"
                                + "\nyours needs --enable-native-access, or JDK "
                                + FIRST_TO_WARN
                                + " and later warn"
                        : "not allowed: JDK "
                                + FIRST_TO_WARN
                                + " and later warn; --enable-native-access="
                                + (Doctor.class.getModule().isNamed()
                                        ? Doctor.class.getModule().getName()
                                        : "ALL-UNNAMED"));
    }
}
