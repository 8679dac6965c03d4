package dev.pollux.examples.ftp;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.support.Child;
import dev.pollux.support.Child.Result;
import dev.pollux.support.Program;
import dev.pollux.sys.Bindings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Arrays;
import java.util.List;

/** Where the examples of package ftp run, and how they are started. */
final class FtpPrograms {
    private FtpPrograms() {}

    /** Skips the test where the examples cannot run on this backend. */
    static void assume(Backend backend) throws Bindings.Unavailable {
        String only = System.getProperty("pollux.backend", "");
        assumeTrue(
                only.isBlank() || only.equalsIgnoreCase(backend.name()),
                () -> "only " + only + " is tested");
        assumeTrue(
                !Bindings.current().binding().equals("jnr"),
                "the FTP examples need the descriptors of channels, which jnr does not know");
        assumeTrue(backend.isAvailable(), () -> backend + ": " + backend.unavailableBecause());
    }

    /** The best backend there is; skips if there is none. */
    static Backend best() throws Bindings.Unavailable {
        String only = System.getProperty("pollux.backend", "");
        Backend best =
                Arrays.stream(Backend.values())
                        .filter(b -> only.isBlank() || only.equalsIgnoreCase(b.name()))
                        .filter(Backend::isAvailable)
                        .findFirst()
                        .orElse(Backend.valueOf(only.isBlank() ? "POLL" : only.toUpperCase()));
        assume(best);
        return best;
    }

    static List<String> java(Backend backend, String example, String... arguments)
            throws IOException {
        return Child.example().property("pollux.backend", backend).command(example, arguments);
    }

    static Result run(ProcessBuilder builder, String input) throws IOException {
        return Program.run(builder, input).expectNoTrace();
    }

    static Result run(List<String> command) throws IOException {
        return run(new ProcessBuilder(command), "");
    }

    static boolean hasIpv6() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }

    static void assumeIpv6() {
        if (!hasIpv6()) {
            System.out.println("ftp: there is no ::1 here, so IPv6 is not tried");
        }
        assumeTrue(hasIpv6(), "there is no ::1 here");
    }
}
