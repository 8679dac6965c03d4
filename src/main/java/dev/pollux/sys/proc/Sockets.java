package dev.pollux.sys.proc;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The sockets of a network namespace by their inode, from the tables in {@code /proc/PID/net}
 * ({@code man 5 proc_pid_net}).
 */
final class Sockets {
    private static final List<String> INTERNET =
            List.of("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "icmp");

    private static final String LISTENING = "0A";
    private static final String CLOSE_WAIT = "08";

    /** By the numbers of the kernel's {@code net/tcp_states.h}. */
    private static final Map<String, String> STATES =
            Map.ofEntries(
                    Map.entry("01", "established"),
                    Map.entry("02", "connecting"),
                    Map.entry("03", "being accepted"),
                    Map.entry("04", "closed here, not yet acknowledged"),
                    Map.entry("05", "closed here"),
                    Map.entry("06", "time-wait"),
                    Map.entry("07", "not connected"),
                    Map.entry(CLOSE_WAIT, "closed by the peer"),
                    Map.entry("09", "closed by both, not yet acknowledged"),
                    Map.entry(LISTENING, "listening"),
                    Map.entry("0B", "closing"));

    private final Map<Long, Descriptor> byInode = new HashMap<>();

    /** All that can be read of the tables: a kernel without IPv6 has fewer. */
    static Sockets read(Path process) {
        var sockets = new Sockets();
        Path net = process.resolve("net");
        for (String protocol : INTERNET) {
            lines(net.resolve(protocol)).forEach(line -> sockets.addInternet(protocol, line));
        }
        lines(net.resolve("unix")).forEach(sockets::addUnix);
        lines(net.resolve("netlink")).forEach(line -> sockets.addOther("netlink", 9, line));
        lines(net.resolve("packet")).forEach(line -> sockets.addOther("packet", 8, line));
        return sockets;
    }

    /** Null if no table has it. */
    Descriptor get(long inode) {
        return byInode.get(inode);
    }

    private static List<String> lines(Path table) {
        try {
            return ProcText.read(table).lines().skip(1).toList();
        } catch (IOException e) {
            return List.of(); // this kernel does not have it, or the process has ended
        }
    }

    /** {@code sl local remote state tx:rx tr:when retransmits uid timeout inode ...}. */
    private void addInternet(String protocol, String line) {
        String[] field = line.strip().split("\\s+");
        if (field.length < 10) {
            return;
        }
        String local = address(field[1]);
        String remote = address(field[2]);
        String state = STATES.getOrDefault(field[3], "state " + field[3]);
        int colon = field[4].indexOf(':');
        long unsent = Long.parseLong(field[4].substring(0, colon), 16);
        long unread = Long.parseLong(field[4].substring(colon + 1), 16);
        boolean stream = protocol.startsWith("tcp");
        boolean listens = field[3].equals(LISTENING);
        var details = new LinkedHashMap<String, Object>();
        details.put("local", local);
        var text = new StringBuilder(protocol).append(' ').append(local);
        if (!field[2].endsWith(":0000")) {
            details.put("remote", remote);
            text.append(" <-> ").append(remote);
        }
        if (stream) {
            details.put("state", state);
            text.append(", ").append(state);
        }
        if (listens) {
            details.put("waitingToBeAccepted", unread);
            append(text, unread, " waiting to be accepted");
        } else if (stream) {
            if (field[3].equals(CLOSE_WAIT) && unread > 0) {
                unread--; // until it was read, the close itself counts as a byte
            }
            details.put("unreadBytes", unread);
            details.put("unacknowledgedBytes", unsent);
            append(text, unread, " bytes unread");
            append(text, unsent, " bytes not yet acknowledged");
        } else {
            details.put("received", unread > 0);
            text.append(unread > 0 ? ", datagrams unread" : "");
        }
        put(field[9], new Descriptor(protocol, text.toString(), details));
    }

    private static void append(StringBuilder text, long number, String what) {
        if (number > 0) {
            text.append(", ").append(number).append(what);
        }
    }

    private static final Pattern INODE = Pattern.compile("[0-9]{1,18}");

    /** {@code Num: RefCount Protocol Flags Type St Inode Path}; the path may hold spaces. */
    private void addUnix(String line) {
        String[] field = line.strip().split("\\s+", 8);
        if (field.length < 7) {
            return;
        }
        String type =
                switch (field[4]) {
                    case "0001" -> "stream";
                    case "0002" -> "datagram";
                    case "0005" -> "seqpacket";
                    default -> "type " + field[4];
                };
        boolean listens = field[3].equals("00010000");
        String state = listens ? "listening" : field[5].equals("03") ? "connected" : null;
        String path = field.length > 7 ? ProcText.printable(field[7]) : null;
        var details = new LinkedHashMap<String, Object>();
        details.put("type", type);
        if (path != null) {
            details.put("path", path);
        }
        if (state != null) {
            details.put("state", state);
        }
        String text =
                "unix "
                        + type
                        + (path == null ? ", no name" : " " + path)
                        + (state == null ? "" : ", " + state);
        put(field[6], new Descriptor("unix", text, details));
    }

    private void addOther(String kind, int inodeAt, String line) {
        String[] field = line.strip().split("\\s+");
        if (field.length > inodeAt) {
            put(field[inodeAt], Descriptor.of(kind, kind + " socket"));
        }
    }

    /** A name may hold a line break: what follows it is no line of the kernel's, or a false one. */
    private void put(String inode, Descriptor descriptor) {
        if (INODE.matcher(inode).matches()) {
            byInode.putIfAbsent(Long.parseLong(inode), descriptor);
        }
    }

    /** {@code 0100007F:1F90}: words of 32 bits as they lie in memory, then the port. */
    private static String address(String hex) {
        int colon = hex.indexOf(':');
        ByteBuffer bytes = ByteBuffer.allocate(colon / 2).order(ByteOrder.nativeOrder());
        for (int at = 0; at + 8 <= colon; at += 8) {
            bytes.putInt(Integer.parseUnsignedInt(hex.substring(at, at + 8), 16));
        }
        int port = Integer.parseInt(hex.substring(colon + 1), 16);
        try {
            String host = InetAddress.getByAddress(bytes.array()).getHostAddress();
            return (host.indexOf(':') < 0 ? host : "[" + host + "]")
                    + ":"
                    + (port == 0 ? "*" : port);
        } catch (UnknownHostException e) {
            throw new AssertionError(e); // of 4 or 16 bytes it is none
        }
    }
}
