package dev.pollux;

import dev.pollux.driver.BusyPoll;
import dev.pollux.driver.Driver;
import dev.pollux.sys.Errno;
import dev.pollux.sys.Privileged;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The property that has the kernel poll network cards for a selector: {@link BusyPoll}. */
final class BusyPolling {
    /**
     * {@code MICROSECONDS[,BUDGET[,prefer]]}; 0, or nothing, is not to. Read when a selector is
     * opened.
     */
    static final String PROPERTY = "pollux.busy-poll";

    private static final int MOST_BUDGET = 0xffff;

    /** The budget above which the kernel asks for a right. */
    private static final int FREE_BUDGET = 64;

    private BusyPolling() {}

    /**
     * As the property says.
     *
     * @throws PolluxException.Unsupported if the backend, or the kernel, cannot or may not
     * @throws IllegalArgumentException if the property is not of that form
     */
    static void set(Backend backend, Driver driver) throws PolluxException.Unsupported {
        String said = Privileged.property(PROPERTY, "").strip();
        BusyPoll wish = said.isEmpty() ? null : parsed(said);
        if (wish == null || wish.micros() == 0) {
            return;
        }
        int rc = driver.setBusyPoll(wish);
        if (rc < 0) {
            Errno errno = driver.sys().errno();
            throw new PolluxException.Unsupported(
                    "open",
                    -1,
                    -rc,
                    String.format(
                            Locale.ROOT,
                            "open(%s, %s=%s): EPIOCSPARAMS: %s; %s",
                            backend,
                            PROPERTY,
                            said,
                            errno.describe(-rc),
                            advice(backend, errno, -rc, wish)));
        }
    }

    private static String advice(Backend backend, Errno errno, int error, BusyPoll wish) {
        if (error == errno.ENOSYS) {
            return isEpoll(backend)
                    ? "this binding, or this system, has no way to ask for it"
                    : "only epoll and uring poll busily: take one of these, or leave the property"
                            + " out";
        }
        if (error == errno.number("ENOTTY")) {
            return "this kernel is too old: busy polling of one epoll instance is of Linux 6.9 and"
                    + " later";
        }
        if (error == errno.EOPNOTSUPP) {
            return "this kernel was built without CONFIG_NET_RX_BUSY_POLL";
        }
        if (error == errno.EPERM) {
            return wish.budget() > FREE_BUDGET
                    ? "a budget above 64 needs the capability CAP_NET_ADMIN"
                    : "a seccomp filter or a security module forbids it";
        }
        return "the kernel does not take this: leave the property out";
    }

    private static BusyPoll parsed(String said) {
        Matcher words = Pattern.compile("(\\d{1,10})(?:,(\\d{1,5})(,prefer)?)?").matcher(said);
        if (words.matches()) {
            long micros = Long.parseLong(words.group(1));
            int budget = words.group(2) == null ? 0 : Integer.parseInt(words.group(2));
            if (micros <= Integer.MAX_VALUE && budget <= MOST_BUDGET) {
                return new BusyPoll((int) micros, budget, words.group(3) != null);
            }
        }
        throw new IllegalArgumentException(
                String.format(
                        Locale.ROOT,
                        "%s=%s is not MICROSECONDS[,BUDGET[,prefer]], numbers up to %d and %d; 0 is"
                                + " not to poll",
                        PROPERTY,
                        said,
                        Integer.MAX_VALUE,
                        MOST_BUDGET));
    }

    private static boolean isEpoll(Backend backend) {
        return backend == Backend.EPOLL || backend == Backend.URING;
    }

    /** For people, as the kernel has it; empty: it does not. */
    static String describe(Backend backend, Driver driver) {
        BusyPoll now = isEpoll(backend) ? BusyPoll.of(driver.sys(), driver.fd()) : null;
        if (now == null || now.micros() == 0) {
            return "";
        }
        return "busy polling "
                + now.micros()
                + " us, budget "
                + (now.budget() == 0 ? "of the kernel's" : now.budget())
                + (now.prefer() ? ", preferred, " : ", ");
    }
}
