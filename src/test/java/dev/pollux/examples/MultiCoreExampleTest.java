package dev.pollux.examples;

import static dev.pollux.examples.Examples.available;
import static dev.pollux.examples.Examples.run;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Backend;
import dev.pollux.examples.Examples.Server;
import dev.pollux.support.Child.Result;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Host;
import dev.pollux.support.Reported;
import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** MultiCoreEcho, in each of its ways. */
@Tag("long")
class MultiCoreExampleTest {
    private static final int CONNECTIONS = 60;

    private static List<String> ways(Pair pair) {
        return Reported.isEpoll(pair.backend())
                ? List.of("reuseport", "level_exclusive", "edge_exclusive", "shared")
                : List.of("reuseport", "shared");
    }

    @AfterAll
    static void end() {
        Examples.endServers();
    }

    @EveryBackend
    void every_connection_is_served_by_one_of_the_threads(Pair pair) throws Exception {
        for (String way : ways(pair)) {
            var server = new Server("MultiCoreEcho", pair, 1000, "--way", way, "--threads", "3");
            var sockets = new ArrayList<Socket>();
            try {
                for (int i = 0; i < CONNECTIONS; i++) {
                    sockets.add(server.connect());
                }
                for (int round = 0; round < 10; round++) {
                    for (Socket socket : sockets) {
                        pingPong(socket, round);
                    }
                }
                try (Socket reset = sockets.remove(0)) {
                    reset.setSoLinger(true, 0);
                }
                for (Socket socket : sockets) {
                    pingPong(socket, 99);
                }
            } finally {
                for (Socket socket : sockets) {
                    socket.close();
                }
            }
            server.expectNoConnections();
            server.stop();
            List<MatchResult> threads =
                    Pattern.compile("thread \\d: (\\d+) connections, (\\d+) messages")
                            .matcher(server.said())
                            .results()
                            .toList();
            assertEquals(3, threads.size(), server.said());
            assertEquals(CONNECTIONS, sum(threads, 1), server.said());
            assertEquals(CONNECTIONS * 11 - 1, sum(threads, 2), server.said());
        }
    }

    private static int sum(List<MatchResult> matches, int group) {
        return matches.stream().mapToInt(match -> Integer.parseInt(match.group(group))).sum();
    }

    /** A port each: the kernel hashes addresses, so 60 connections do not all meet one of three. */
    @EveryBackend
    void the_kernel_shares_a_port_out(Pair pair) throws Exception {
        Host.requireLinux("that shares connections out");
        var server = new Server("MultiCoreEcho", pair, 1000, "--threads", "3");
        for (int i = 0; i < CONNECTIONS; i++) {
            try (Socket socket = server.connect()) {
                pingPong(socket, i);
            }
        }
        server.expectNoConnections();
        server.stop();
        long served =
                server.said().lines().filter(line -> line.matches(".* [1-9]\\d* conn.*")).count();
        assertTrue(served > 1, server.said());
    }

    @EveryBackend
    void a_peer_that_does_not_read_gets_all_in_the_end(Pair pair) throws Exception {
        byte[] bytes = Examples.random(5_000_000);
        for (String way : ways(pair)) {
            var server = new Server("MultiCoreEcho", pair, 1000, "--way", way);
            try (Socket slow = server.connect();
                    Socket other = server.connect()) {
                var sender = Examples.sending(slow, bytes, bytes.length, true);
                for (int i = 0; i < 100; i++) {
                    pingPong(other, i);
                }
                byte[] back = slow.getInputStream().readAllBytes();
                assertArrayEquals(bytes, back);
                sender.get();
            }
            server.expectNoConnections();
            server.stop();
        }
    }

    /** More than there are descriptors for. */
    @EveryBackend
    void without_a_free_descriptor_the_rest_waits_and_is_served_later(Pair pair) throws Exception {
        for (String way : ways(pair)) {
            var server = new Server("MultiCoreEcho", pair, 120, "--way", way);
            var sockets = new ArrayList<Socket>();
            try {
                for (int i = 0; i < 150; i++) {
                    sockets.add(server.connect()); // the kernel's doing, before it is accepted
                }
                server.expect("cannot accept at the moment");
                for (Socket socket : sockets.subList(0, 100)) {
                    socket.close();
                }
                // Only now: who waits for which thread is the kernel's choice.
                for (Socket socket : sockets.subList(100, 150)) {
                    pingPong(socket, 7);
                }
            } finally {
                for (Socket socket : sockets) {
                    socket.close();
                }
            }
            server.expectNoConnections();
            server.stop();
        }
    }

    @EveryBackend
    void the_load_prints_a_table_and_ends(Pair pair) throws Exception {
        Result run =
                run(
                        pair,
                        "MultiCoreEcho",
                        "--load",
                        "--threads=3",
                        "--short=30",
                        "--kept=10",
                        "--messages=5",
                        "--rounds=2");
        assertEquals(0, run.status(), run.text());
        run.expectLine("3 threads on .* 2 rounds of 30 short .* of 10 kept with 5 messages each");
        for (String way : List.of("REUSEPORT", "LEVEL_EXCLUSIVE", "EDGE_EXCLUSIVE", "SHARED")) {
            if (ways(pair).contains(way.toLowerCase(Locale.ROOT))) {
                String row =
                        run.text().lines().filter(l -> l.startsWith("| " + way)).findAny().get();
                String[] cells = row.split(" *\\| *");
                assertEquals(9, cells.length, row);
                expectShares(cells[2]);
                expectShares(cells[6]);
                assertTrue(Integer.parseInt(cells[7].replace(",", "")) > 0, row);
            } else {
                run.expectLine(way + ": left out, " + pair.backend() + " has no " + way);
            }
        }
    }

    /** Three percentages, the largest first. */
    private static void expectShares(String shares) {
        List<Integer> parts =
                Pattern.compile(" ").splitAsStream(shares).map(Integer::valueOf).toList();
        assertEquals(3, parts.size(), shares);
        assertTrue(parts.get(0) >= parts.get(1) && parts.get(1) >= parts.get(2), shares);
        int sum = parts.stream().mapToInt(part -> part).sum();
        assertTrue(sum >= 98 && sum <= 102, shares); // rounded
    }

    @Test
    void what_cannot_be_done_is_refused() throws Exception {
        Pair any = available(Backend.values());
        assertEquals(2, run(any, "MultiCoreEcho", "0", "--threads", "0").status());
        assertEquals(2, run(any, "MultiCoreEcho", "--load", "--short=3").status());
        assertEquals(2, run(any, "MultiCoreEcho", "0", "--way", "any").status());
        Pair poll = available(Backend.POLL);
        Result refused = run(poll, "MultiCoreEcho", "0", "--way", "edge_exclusive");
        assertEquals(1, refused.status(), refused.text());
        refused.expectLine("POLL has no EDGE_EXCLUSIVE");
    }

    private static void pingPong(Socket socket, int i) throws IOException {
        socket.getOutputStream().write(i);
        assertEquals(i & 0xff, socket.getInputStream().read());
    }
}
