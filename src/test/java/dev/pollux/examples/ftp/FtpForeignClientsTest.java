package dev.pollux.examples.ftp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.pollux.Backend;
import dev.pollux.support.Child.Result;
import dev.pollux.support.Program;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients of other makes against the FTP server: curl, lftp, and two of old. */
@Tag("long")
class FtpForeignClientsTest {
    private static final byte[] BIG = FtpProcess.random(3_000_001);
    private static final byte[] SMALL = FtpProcess.random(1000);

    // ---- curl

    @ParameterizedTest
    @EnumSource(Backend.class)
    void curl_uploads_downloads_and_lists(Backend backend) throws Exception {
        Program.assumeInstalled("curl");
        FtpPrograms.assume(backend);
        try (var server = FtpProcess.start(backend, "--anonymous", "--active")) {
            Path local = Files.write(server.directory.resolve("local"), BIG);
            String url = server.url("ann");
            curl("-T", local.toString(), "--ftp-create-dirs", url + "a/b/big").expect(0);
            assertArrayEquals(BIG, Files.readAllBytes(server.root.resolve("a/b/big")));
            Path back = server.directory.resolve("back");
            for (String how : List.of("--ftp-pasv", "--disable-epsv", "-P-", "--disable-eprt")) {
                var options = new ArrayList<>(List.of("-o", back.toString(), url + "a/b/big", how));
                if (how.equals("--disable-eprt")) {
                    options.add("-P-");
                }
                curl(options.toArray(new String[0])).expect(0);
                assertArrayEquals(BIG, Files.readAllBytes(back), how);
                Files.delete(back);
            }
            curl(url + "a/b/").expect(0).expectLine("-rw-r--r-- .* 3000001 .* big");
            curl("-l", url).expect(0).expectLine("a");
            curl("-X", "MLSD", url + "a/").expect(0).expectLine("type=dir;.*;perm=cdeflmp; b");
            curl("-I", url + "a/b/big").expect(0).expectLine("Content-Length: 3000001");
            curl(anonymous(server) + "a/b/").expect(0).expectLine(".* big");
            curl("-T", local.toString(), anonymous(server) + "x").expect(25); // upload refused
            curl(url + "nothing").expect(78); // no such file
            curl(url.replace("open", "shut")).expect(67); // login
            server.expectTree("a", "a/b", "a/b/big");
        }
    }

    @Test
    void curl_resumes_both_ways() throws Exception {
        Program.assumeInstalled("curl");
        try (var server = FtpProcess.start(FtpPrograms.best())) {
            Path local = Files.write(server.directory.resolve("local"), BIG);
            server.file("begun", Arrays.copyOf(BIG, 1_234_567));
            curl("-C", "-", "-T", local.toString(), server.url("ann") + "begun").expect(0);
            assertArrayEquals(BIG, Files.readAllBytes(server.root.resolve("begun")));
            Path back = Files.write(server.directory.resolve("back"), Arrays.copyOf(BIG, 7));
            curl("-C", "-", "-o", back.toString(), server.url("ann") + "begun").expect(0);
            assertArrayEquals(BIG, Files.readAllBytes(back));
            server.expectTree("begun");
        }
    }

    @Test
    void curl_in_parallel_and_over_ipv6() throws Exception {
        Program.assumeInstalled("curl");
        String[] options =
                FtpPrograms.hasIpv6()
                        ? new String[] {"--bind", "127.0.0.1", "--bind", "::1"}
                        : new String[] {};
        try (var server = FtpProcess.start(FtpPrograms.best(), options)) {
            var all = new ArrayList<>(List.of("-Z"));
            for (int i = 0; i < 10; i++) {
                server.file("file" + i, FtpProcess.random(500_000 + i));
                all.addAll(List.of("-o", server.directory.resolve("got" + i).toString()));
                all.add(server.url("ann") + "file" + i);
            }
            curl(all.toArray(new String[0])).expect(0);
            for (int i = 0; i < 10; i++) {
                byte[] got = Files.readAllBytes(server.directory.resolve("got" + i));
                assertArrayEquals(FtpProcess.random(500_000 + i), got);
            }
            FtpPrograms.assumeIpv6();
            String url = "ftp://ann:open%20sesame@[::1]:" + server.port6() + "/";
            Path local = Files.write(server.directory.resolve("local"), SMALL);
            curl("-T", local.toString(), url + "six").expect(0);
            assertArrayEquals(SMALL, Files.readAllBytes(server.root.resolve("six")));
            curl(url).expect(0).expectLine(".* 1000 .* six");
        }
    }

    private static Result curl(String... arguments) throws Exception {
        var command = new ArrayList<>(List.of("curl", "-sS", "--max-time", "50"));
        command.addAll(List.of(arguments));
        return FtpPrograms.run(command);
    }

    private static String anonymous(FtpProcess server) {
        return "ftp://127.0.0.1:" + server.port() + "/";
    }

    // ---- lftp

    @ParameterizedTest
    @EnumSource(Backend.class)
    void lftp_mirrors_both_ways_in_parallel(Backend backend) throws Exception {
        Program.assumeInstalled("lftp");
        FtpPrograms.assume(backend);
        try (var server = FtpProcess.start(backend)) {
            Path local = Files.createDirectories(server.directory.resolve("local/sub"));
            for (int i = 0; i < 30; i++) {
                Files.write(local.resolve("file " + i), FtpProcess.random(50_000 + i));
            }
            Files.write(local.resolve("\u00e4\u00f6\u00fc"), SMALL);
            String here = server.directory.toString();
            lftp(
                            server,
                            server.port(),
                            "mirror -R -P 6 " + here + "/local /there",
                            "mirror -P 6 /there " + here + "/back",
                            "cls -l /there/sub",
                            "mv /there/sub/file\\ 0 /moved",
                            "rm -r /there/sub",
                            "mkdir /made",
                            "rmdir /made")
                    .expect(0)
                    .expectLine(".* 50029 .*sub/file 29");
            for (int i = 0; i < 30; i++) {
                byte[] back = Files.readAllBytes(server.directory.resolve("back/sub/file " + i));
                assertArrayEquals(FtpProcess.random(50_000 + i), back);
            }
            Path umlauts = server.directory.resolve("back/sub/\u00e4\u00f6\u00fc");
            assertArrayEquals(SMALL, Files.readAllBytes(umlauts));
            server.expectTree("moved", "there");
        }
    }

    @Test
    void lftp_resumes_both_ways() throws Exception {
        Program.assumeInstalled("lftp");
        try (var server = FtpProcess.start(FtpPrograms.best())) {
            Path local = Files.write(server.directory.resolve("local"), BIG);
            server.file("begun", Arrays.copyOf(BIG, 2_000_000));
            Path back = Files.write(server.directory.resolve("back"), Arrays.copyOf(BIG, 99_999));
            lftp(
                            server,
                            server.port(),
                            "put -c " + local + " -o begun",
                            "get -c begun -o " + back,
                            "pget -n 3 begun -o " + back + "2") // three pieces, each its REST
                    .expect(0);
            assertArrayEquals(BIG, Files.readAllBytes(server.root.resolve("begun")));
            assertArrayEquals(BIG, Files.readAllBytes(back));
            assertArrayEquals(BIG, Files.readAllBytes(server.directory.resolve("back2")));
            server.expectTree("begun");
        }
    }

    @Test
    void lftp_over_ipv6() throws Exception {
        Program.assumeInstalled("lftp");
        FtpPrograms.assumeIpv6();
        try (var server = FtpProcess.start(FtpPrograms.best(), "--bind", "::1")) {
            server.file("file", BIG);
            Path back = server.directory.resolve("back");
            lftp(server, server.port6(), "get file -o " + back, "ls")
                    .expect(0)
                    .expectLine(".* file");
            assertArrayEquals(BIG, Files.readAllBytes(back));
        }
    }

    // ---- clients of old

    /** Both ask the server what a wildcard means, and fetch what it says. */
    @ParameterizedTest
    @ValueSource(strings = {"inetutils-ftp", "tnftp"})
    void old_clients_get_many_by_a_wildcard(String client) throws Exception {
        Program.assumeInstalled(client);
        try (var server = FtpProcess.start(FtpPrograms.best())) {
            Files.createDirectory(server.root.resolve("sub"));
            for (String name : List.of("a.txt", "b.txt", "sub/c.txt")) {
                server.file(name, SMALL);
            }
            server.file("big", BIG);
            Path here = Files.createDirectories(server.directory.resolve("here/sub"));
            String script =
                    String.join(
                            "\n",
                            "open 127.0.0.1 " + server.port(),
                            "user ann \"" + FtpProcess.PASSWORD + "\"",
                            "binary",
                            client.equals("tnftp") ? "passive on" : "passive", // a switch
                            "lcd " + here.getParent(),
                            "mget *.txt sub/*.txt",
                            "mkdir made",
                            "cd made",
                            "pwd",
                            "bye",
                            "");
            Result result =
                    FtpPrograms.run(new ProcessBuilder(client, "-n", "-i", "-v"), script)
                            .expectLine(".*\"/made\".*");
            for (String name : List.of("a.txt", "b.txt", "sub/c.txt")) {
                Path got = here.getParent().resolve(name);
                assertArrayEquals(SMALL, Files.readAllBytes(got), result.text());
            }
            server.expectTree("a.txt", "b.txt", "big", "made", "sub", "sub/c.txt");
        }
    }

    private static Result lftp(FtpProcess server, int port, String... commands) throws Exception {
        String host = port == server.port6() ? "[::1]" : "127.0.0.1";
        String open = "open -u ann,'" + FtpProcess.PASSWORD + "' ftp://" + host + ":" + port;
        String settings =
                "set cmd:fail-exit true; set net:max-retries 1; set net:timeout 20;"
                        + " set file:charset UTF-8; ";
        var builder =
                new ProcessBuilder(
                        "lftp",
                        "--norc",
                        "-c",
                        settings + open + "; " + String.join("; ", commands));
        builder.environment().put("LC_ALL", "C.UTF-8");
        builder.environment().put("HOME", server.directory.toString());
        return FtpPrograms.run(builder, "");
    }
}
