package dev.pollux.contract.kinds;

import dev.pollux.Backend;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.Fds;
import dev.pollux.support.Reported;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Sees a row: each cell on a descriptor of its own. What the page states says only how long to
 * wait. A cell that the pair cannot show is taken from the page.
 */
final class Trial {
    /** What has not happened after so long never will. */
    static final long LIMIT_MILLIS = 30_000;

    private static final long UNSTATED_MILLIS = 50;
    private static final List<Interest> EACH =
            List.of(Interest.READ, Interest.WRITE, Interest.PRIORITY);

    private final EveryBackend.Pair pair;
    private final Thing.Making making;
    private final Row stated;
    private final boolean select;
    private final String flags; // as stated

    Trial(EveryBackend.Pair pair, Thing.Making making, Row stated) {
        this.pair = pair;
        this.making = making;
        this.stated = stated;
        select = pair.backend() == Backend.SELECT;
        flags = select ? stated.select() : stated.flags();
    }

    Row observe() throws Exception {
        String heard = heard();
        String[] level = level(heard);
        String seen = level[0];
        String edge = Reported.isEpoll(pair.backend()) ? edge(heard) : stated.edge();
        return select
                ? new Row(stated.happens(), heard, stated.flags(), seen, level[1], edge)
                : new Row(stated.happens(), heard, seen, stated.select(), level[1], edge);
    }

    // ---- to whom it is reported

    private String heard() throws Exception {
        var heard = new StringBuilder();
        boolean asStated = true;
        for (Interest one : EACH) {
            boolean reported = isHeardBy(one);
            asStated &= reported == isToHear(one);
            if (reported) {
                heard.append(heard.length() == 0 ? "" : " ").append(one);
            }
        }
        if (select && asStated) {
            return stated.interest(); // of an error or a hang-up it may say it in fewer sets
        }
        String names = heard.toString();
        return names.equals("READ WRITE PRIORITY") ? Row.ANY : names;
    }

    /** Whether it is to be reported to somebody who asks for this alone. */
    private boolean isToHear(Interest one) {
        return stated.isHeardBy(one) && (!select || flags.contains(one.toString()));
    }

    private boolean isHeardBy(Interest one) throws Exception {
        try (var fds = new Fds();
                FdSelector selector = pair.open();
                FdSelector control = pair.open()) {
            Thing thing = making.make(fds);
            selector.register(thing.fd, one, Trigger.LEVEL, null);
            String before = thing.happens == null ? "" : now(selector);
            happen(thing);
            Predicate<String> isNews = reported -> !reported.isEmpty() && !reported.equals(before);
            if (select && isToHear(one)) { // which may be reported already, with no flag beside it
                isNews = reported -> reported.contains(one.toString());
            }
            if (isToHear(one)) {
                return isNews.test(await(selector, isNews));
            }
            if (!thing.isSeenAtOnce) {
                control.register(thing.fd, stated.asked(), Trigger.LEVEL, null);
                await(control, flags::equals); // it has happened
            }
            return isNews.test(now(selector));
        }
    }

    private static void happen(Thing thing) throws Exception {
        if (thing.happens != null) {
            thing.happens.act();
        }
    }

    // ---- LEVEL

    /** The flags, and what ends their report. */
    private String[] level(String heard) throws Exception {
        try (var fds = new Fds();
                FdSelector selector = pair.open()) {
            Thing thing = making.make(fds);
            Interest asked = select ? stated.asked() : interest(heard);
            selector.register(thing.fd, asked, Trigger.LEVEL, null);
            String before = thing.happens == null ? "" : now(selector);
            happen(thing);
            Predicate<String> right =
                    flags.equals("?")
                            ? now -> !now.isEmpty() && !now.equals(before)
                            : flags::equals;
            String reported = await(selector, right);
            return new String[] {
                reported.isEmpty() ? "-" : reported, quiet(thing, selector, before, reported)
            };
        }
    }

    private Interest interest(String heard) {
        return new Row("", heard.isEmpty() ? Row.ANY : heard, "", "", "", "").asked();
    }

    private String quiet(Thing thing, FdSelector selector, String before, String reported)
            throws Exception {
        if (!now(selector).equals(reported)) {
            return Row.REPORT;
        }
        if (thing.quietAfter == null) {
            return now(selector).equals(reported) ? Row.NOTHING : "a second report";
        }
        thing.quieten.act();
        Predicate<String> isQuiet =
                thing.happens == null ? now -> !now.equals(reported) : before::equals;
        String after = await(selector, isQuiet);
        return isQuiet.test(after) ? thing.quietAfter : "not " + thing.quietAfter + ": " + after;
    }

    // ---- EDGE

    private String edge(String heard) throws Exception {
        try (var fds = new Fds();
                FdSelector selector = pair.open()) {
            Thing thing = making.make(fds);
            selector.register(thing.fd, interest(heard), Trigger.EDGE, null);
            if (thing.happens != null) {
                now(selector);
                thing.happens.act();
            }
            if (await(selector, reported -> !reported.isEmpty()).isEmpty()) {
                return "not reported";
            }
            String second = now(selector);
            if (!second.isEmpty()) {
                return "reported twice, " + second;
            }
            if (thing.again == null) {
                return Row.ONCE;
            }
            thing.again.act();
            boolean expected = stated.edge().equals(Row.AGAIN) || stated.edge().equals("?");
            String again =
                    expected ? await(selector, reported -> !reported.isEmpty()) : now(selector);
            return again.isEmpty() ? Row.NOT_AGAIN : Row.AGAIN;
        }
    }

    // ---- looking

    /** The flags that one poll without blocking reports, or nothing. */
    static String now(FdSelector selector) throws IOException {
        return poll(selector, 0);
    }

    static String poll(FdSelector selector, long millis) throws IOException {
        var reported = new StringBuilder();
        selector.poll(
                millis,
                TimeUnit.MILLISECONDS,
                (key, ready) -> reported.append(ready.toString().replace('|', ' ')));
        return reported.toString();
    }

    private String await(FdSelector selector, Predicate<String> expected) throws IOException {
        return await(selector, expected, flags.equals("?") ? UNSTATED_MILLIS : LIMIT_MILLIS);
    }

    /** What was reported last: at once what is expected, or when the time is over. */
    static String await(FdSelector selector, Predicate<String> expected, long millis)
            throws IOException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        String reported = now(selector);
        while (!expected.test(reported) && System.nanoTime() < end) {
            reported = poll(selector, 1);
        }
        return reported;
    }
}
