package dev.pollux.examples.ftp;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.support.Child.Result;
import dev.pollux.support.Host;
import dev.pollux.support.Program;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many clients at once; every byte comes back, and the server's memory is bounded. */
@Tag("long")
class FtpLoadTest {
    private static final int MOST_KIB = 200 * 1024; // of the server: 64 MB of it are the heap

    @Test
    void five_hundred_clients_upload_and_download_at_once() throws Exception {
        Backend backend = FtpPrograms.best();
        assumeTrue(backend == Backend.EPOLL || backend == Backend.KQUEUE, backend + " scans");
        load(backend, 500, 200_000);
    }

    @ParameterizedTest
    @EnumSource(Backend.class)
    void forty_clients_on_every_backend(Backend backend) throws Exception {
        FtpPrograms.assume(backend);
        load(backend, 40, 1_000_000);
    }

    private static void load(Backend backend, int clients, int bytes) throws Exception {
        Result run =
                FtpPrograms.run(
                        FtpPrograms.java(
                                backend,
                                "ftp.FtpLoad",
                                "--clients",
                                "" + clients,
                                "--bytes",
                                "" + bytes));
        run.expect(0)
                .expectLine("clients at once +" + clients + " .*")
                .expectLine("bytes lost +0  CRC32C of each file agrees")
                .expectLine("files +[0-9,]+  0 failed")
                .expectLine("uploads +[0-9,]+ .*")
                .expectLine("broken transfers +0");
        String memory =
                run.text().lines().filter(l -> l.startsWith("server's memory")).findFirst().get();
        System.out.println("ftp: " + clients + " clients, " + backend + ": " + memory);
        if (Host.LINUX) {
            String most = memory.replaceAll("server's memory +([0-9,]+) .*", "$1");
            int kib = Integer.parseInt(most.replace(",", ""));
            assertTrue(kib > 0 && kib < MOST_KIB, memory);
        }
    }

    /** The control: what is lost is found. */
    @Test
    void the_load_fails_if_its_server_dies() throws Exception {
        List<String> load =
                FtpPrograms.java(
                        FtpPrograms.best(),
                        "ftp.FtpLoad",
                        "--clients",
                        "5",
                        "--bytes",
                        "500000000");
        try (var program = new Program(load)) {
            program.expect("clients on one thread");
            program.process.toHandle().children().forEach(ProcessHandle::destroyForcibly);
            program.result()
                    .expect(1)
                    .expectLine("bytes lost +[1-9][0-9,]+ .*")
                    .expectLine("files +[0-9,]+  [1-9].* failed");
        }
    }
}
