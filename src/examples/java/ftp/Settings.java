package ftp;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the server is told on its command line. Times are in seconds. */
final class Settings {
    @Parameters(arity = "0..1", defaultValue = "2121", description = "port; 0 = any")
    int port;

    @Option(names = "--bind", description = "address, or several (default: 127.0.0.1)")
    List<String> bind = List.of("127.0.0.1");

    @Option(names = "--inherit", description = "serve on the sockets that systemd passes")
    boolean inherit;

    @Option(names = "--root", defaultValue = ".", description = "the directory that clients see")
    Path root;

    @Option(names = "--users", description = "file of users; see adduser")
    Path users;

    @Option(names = "--anonymous", description = "let anonymous read")
    boolean anonymous;

    @Option(names = "--active", description = "take PORT and EPRT, to the client's own address")
    boolean active;

    @Option(names = "--passive-ports", description = "say, 50000-50100 (default: any)")
    String passivePorts = "0-0";

    @Option(names = "--keep-partial", description = "keep what a broken upload got as NAME.part")
    boolean keepPartial;

    @Option(names = "--fsync", description = "have a file on the disk before saying so")
    boolean fsync;

    @Option(names = "--max-connections", defaultValue = "1000", description = "in total")
    int maxConnections;

    @Option(names = "--max-per-user", defaultValue = "20", description = "connections of a user")
    int maxPerUser;

    @Option(names = "--login-tries", defaultValue = "3", description = "in a connection")
    int loginTries;

    @Option(names = "--login-time", defaultValue = "60", description = "until logged in")
    int loginTime;

    @Option(names = "--idle-time", defaultValue = "300", description = "without a command")
    int idleTime;

    @Option(names = "--data-time", defaultValue = "60", description = "without a byte moved")
    int dataTime;

    @Option(names = "--max-line", defaultValue = "4096", description = "bytes of a command")
    int maxLine;

    /** What cannot be; null if all can. */
    String complaint() {
        if (port < 0 || port > 65535) {
            return "a port is 0 to 65535";
        }
        if (users == null && !anonymous) {
            return "nobody could log in: name a file with --users, or let --anonymous in";
        }
        if (!passivePorts.matches("[0-9]{1,5}-[0-9]{1,5}")
                || range().first() > range().last()
                || range().last() > 65535) {
            return "--passive-ports is FIRST-LAST";
        }
        int least = Math.min(Math.min(maxConnections, maxPerUser), loginTries);
        int shortest = Math.min(Math.min(loginTime, idleTime), dataTime);
        if (least < 1 || shortest < 1 || maxLine < 64) {
            return "limits and times are 1 at least, a line has room for 64 bytes";
        }
        return null;
    }

    PassivePort.Range range() {
        String[] ports = passivePorts.split("-");
        return new PassivePort.Range(Integer.parseInt(ports[0]), Integer.parseInt(ports[1]));
    }

    /** Whether more than so many seconds have gone by since then, {@link System#nanoTime}. */
    static boolean isOver(long since, int seconds) {
        return System.nanoTime() - since > TimeUnit.SECONDS.toNanos(seconds);
    }
}
