package dev.pollux.doctor;

import dev.pollux.sys.proc.Descriptor;
import dev.pollux.sys.proc.Descriptors;
import dev.pollux.sys.proc.Watch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every epoll instance of a process, with what it waits for and how. */
final class Listing {
    private final StringBuilder text = new StringBuilder();
    private final List<Object> epolls = new ArrayList<>();
    private final List<String> trouble = new ArrayList<>();
    private final Map<String, Object> all = new LinkedHashMap<>();

    /** One line: columns are as wide as the widest of the same epoll. */
    private record Row(String fd, String how, String target) {}

    Listing(long pid, Descriptors descriptors) {
        String command = descriptors.command();
        all.put("pid", pid);
        all.put("command", command);
        all.put("descriptors", descriptors.size());
        all.put("epolls", epolls);
        text.append("process ").append(pid).append(": ").append(command).append('\n');
        List<Integer> numbers = descriptors.epolls();
        for (int epoll : numbers) {
            try {
                add(epoll, descriptors.watches(epoll), descriptors);
            } catch (Descriptors.Unreadable e) {
                trouble.add(e.getMessage());
            }
        }
        if (numbers.isEmpty()) {
            text.append("no epoll among its ").append(descriptors.size()).append(" descriptors\n");
        }
    }

    private void add(int epoll, List<Watch> watches, Descriptors descriptors) {
        var rows = new ArrayList<Row>();
        var registrations = new ArrayList<Object>();
        for (Watch watch : watches) {
            Descriptor target = descriptors.target(watch);
            rows.add(new Row(Integer.toString(watch.fd()), watch.text(), target.text()));
            registrations.add(values(watch, target));
        }
        var values = new LinkedHashMap<String, Object>();
        values.put("fd", epoll);
        values.put("registrations", registrations);
        epolls.add(values);

        text.append("epoll ").append(epoll).append(", ").append(watches.size());
        text.append(" registered\n");
        int fdWidth = rows.stream().mapToInt(row -> row.fd.length()).max().orElse(0);
        int howWidth = rows.stream().mapToInt(row -> row.how.length()).max().orElse(0);
        for (Row row : rows) {
            text.append("  ").append(" ".repeat(fdWidth - row.fd.length())).append(row.fd);
            text.append("  ").append(row.how).append(" ".repeat(howWidth - row.how.length()));
            text.append("  ").append(row.target).append('\n');
        }
    }

    private static Map<String, Object> values(Watch watch, Descriptor target) {
        var what = new LinkedHashMap<String, Object>();
        what.put("kind", target.kind());
        what.put("text", target.text());
        what.putAll(target.details());
        var values = new LinkedHashMap<String, Object>();
        values.put("fd", watch.fd());
        values.put("interest", watch.interest());
        values.put("trigger", watch.trigger());
        values.put("armed", watch.isArmed());
        values.put("events", "0x" + Integer.toHexString(watch.events()));
        values.put("data", "0x" + Long.toHexString(watch.data()));
        values.put("target", what);
        return values;
    }

    String text() {
        return text.toString();
    }

    String json() {
        return Json.of(all);
    }

    /** What could not be listed, a line each. */
    List<String> trouble() {
        return trouble;
    }
}
