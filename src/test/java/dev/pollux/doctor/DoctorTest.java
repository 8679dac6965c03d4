package dev.pollux.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.support.Child;
import dev.pollux.support.Host;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the doctor says, in a JVM of its own as it is meant to be. */
class DoctorTest {
    private static final List<String> ON_LINUX = List.of("limits", "allowed here");

    @TempDir Path directory;

    @Test
    void it_says_what_works_and_an_event_passes() throws IOException {
        Child.Result doctor = doctor(child().withJnr());
        doctor.ok();
        for (Backend backend : Backend.values()) {
            String name = backend.name().toLowerCase();
            String why = backend.unavailableBecause();
            if (why == null) {
                expectLine(doctor, name + " +works");
            } else if (backend != Backend.KQUEUE || Host.LINUX) {
                expectLine(doctor, name + " +does not work: .*");
            }
        }
        expectLine(doctor, "jni +works: .*|jni +does not work: .*");
        expectLine(doctor, "jni returns +(renewed|kept): .+|jni +does not work: .*");
        expectLine(doctor, "jnr +works: libc, by jffi of file:.*jffi.*|jnr +does not work: .*");
        expectLine(doctor, "one event +works: FdSelector\\[.*, 0 registered]");
        expectLine(doctor, "JDK +" + Runtime.version().feature() + "\\b.*");
        if (Host.LINUX) {
            ON_LINUX.forEach(section -> expectLine(doctor, section));
            expectLine(doctor, "descriptors +\\d+ \\(soft.*\\), \\w+ \\(hard\\)");
            String watches = "/proc/sys/fs/epoll/max_user_watches";
            String limit = Files.readAllLines(Path.of(watches)).get(0);
            expectLine(doctor, "epoll watches +" + limit + " registrations of one user .*");
            expectLine(doctor, "io_uring +.+");
            expectLine(doctor, "seccomp +(no filter|a filter.*|not known.*)");
            expectLine(doctor, "capabilities +.+");
            expectLine(doctor, "temporary files +/.+");
        }
    }

    @Test
    void json_says_the_same() throws IOException {
        Child.Result doctor = doctor(child(), "doctor", "--json").ok();
        var json = new JSONObject(doctor.text());
        assertTrue(json.getJSONObject("trial").getJSONObject("oneEvent").getBoolean("works"));
        for (Backend backend : Backend.values()) {
            JSONObject said =
                    json.getJSONObject("backends").getJSONObject(backend.name().toLowerCase());
            assertEquals(backend.isAvailable(), said.getBoolean("works"), doctor.text());
            assertEquals(!backend.isAvailable(), said.has("because"), doctor.text());
        }
        if (Host.LINUX) {
            assertTrue(json.getJSONObject("limits").getLong("epollWatches") > 0, doctor.text());
            assertTrue(json.getJSONObject("allowedHere").has("io_uring"), doctor.text());
        }
    }

    @Test
    void where_nothing_works_it_says_why_and_fails() throws IOException {
        Path nothing = directory.resolve("nothing");
        Child.Result doctor =
                doctor(new Child(Child.classes()).property("pollux.library.path", nothing));
        assertEquals(1, doctor.status(), doctor.text());
        expectLine(doctor, "jni +does not work: .*there is no " + nothing);
        expectLine(doctor, "jnr +does not work: .*put jnr-ffi on the class path.*");
        expectLine(doctor, "epoll +does not work: .*there is no " + nothing);
        expectLine(doctor, "one event +does not work: .*there is no " + nothing);
        expectLine(doctor, "what to do: .*");
        expectLine(doctor, "properties +.*pollux.library.path=" + nothing + ".*");
    }

    @Test
    void a_property_that_names_nothing_is_no_surprise() throws IOException {
        Child.Result backend = doctor(child().property("pollux.backend", "best"));
        assertEquals(1, backend.status(), backend.text());
        expectLine(backend, "one event +does not work: pollux.backend=best is none of .*");
        Child.Result binding =
                doctor(new Child(Child.classes()).property("pollux.binding", "best"));
        assertEquals(1, binding.status(), binding.text());
        expectLine(binding, "epoll +does not work: pollux.binding=best is none of .*");
        expectLine(binding, "one event +does not work: pollux.binding=best is none of .*");
        Child.Result returns =
                doctor(new Child(Child.classes()).property("pollux.returns", "best"));
        assertEquals(1, returns.status(), returns.text());
        expectLine(returns, "jni +does not work: .*pollux.returns=best is none of .*");
    }

    @Test
    void native_access_that_is_denied_is_named() throws IOException {
        int version = Runtime.version().feature();
        if (version < 24) {
            System.out.println("DoctorTest: JDK " + version + " denies nobody native access");
            assumeTrue(version >= 24, "JDK " + version + " denies nobody native access");
        }
        Child.Result doctor = doctor(new Child(Child.classes()).withoutNativeAccess());
        assertEquals(1, doctor.status(), doctor.text());
        expectLine(doctor, "native access +not allowed: .*--enable-native-access=ALL-UNNAMED");
        expectLine(doctor, "jni +does not work: .*");
        expectLine(doctor(child()), "native access +allowed to this program, .*");
    }

    @Test
    void a_virtual_thread_is_tried() throws IOException {
        Child.Result doctor = doctor(child().property("pollux.backend", "epoll"));
        int version = Runtime.version().feature();
        if (version < 21) {
            expectLine(doctor, "virtual threads +none: JDK " + version + ".*");
        } else if (version >= Host.FIRST_TO_PARK && Backend.EPOLL.isAvailable()) {
            expectLine(doctor, "virtual threads +one that polls releases its carrier \\(EPOLL\\)");
        } else {
            expectLine(doctor, "virtual threads +(one that polls|not known).*");
        }
    }

    @Test
    void wrong_arguments_meet_the_usage() throws IOException {
        for (String[] wrong :
                List.of(
                        new String[] {"nurse"},
                        new String[] {"doctor", "no"},
                        new String[] {"--jsno"},
                        new String[] {"fds"},
                        new String[] {"fds", "1", "2"},
                        new String[] {"fds", "x"},
                        new String[] {"fds", "-1"},
                        new String[] {"fds", "0"},
                        new String[] {"fds", "99999999999999999999"})) {
            Child.Result result = doctor(child(), wrong);
            assertEquals(2, result.status(), result.text());
            expectLine(result, "usage: .*");
            assertFalse(result.text().contains("\tat "), result.text());
        }
        expectLine(doctor(child(), "--help").ok(), "usage: .*");
    }

    private static Child child() {
        // The best backend here, also where this JVM tests models of another system's.
        return new Child(Child.classes()).withProperties().property("pollux.backend", "");
    }

    private static Child.Result doctor(Child child, String... arguments) throws IOException {
        Child.Result result = child.run(Main.class, arguments);
        assertFalse(result.text().contains("\tat "), result.text());
        return result;
    }

    private static void expectLine(Child.Result result, String regex) {
        assertTrue(
                result.text().lines().anyMatch(line -> line.strip().matches(regex)),
                () -> "no line like: " + regex + "\n" + result.text());
    }
}
