package dev.pollux;

import java.util.Objects;

/**
 * Shows the {@link Counters} of a selector to JMX, for whoever asks for it.
 *
 * <pre>{@code
 * selector.startCounting(false);
 * CountersBean.register(selector, "main"); // dev.pollux:type=FdSelector,name=main
 * }</pre>
 *
 * <p>The bean has an attribute for each component of {@link Counters}, read-only, with a capital
 * letter in front: {@code Polls}, {@code EmptyWaits}, {@code Registrations}, each a {@code long}.
 * Attributes that are read together are of one snapshot. It does not keep the selector from
 * becoming unreachable.
 *
 * <p>Needs the module {@code java.management}, which is looked for only here. What else shows what
 * a loop does is in {@code docs/diagnostics.md}.
 */
public final class CountersBean {
    private CountersBean() {}

    /**
     * Registers a bean with the platform's server, until the selector is closed, by whomever. Any
     * thread's. A selector may have several, by several names.
     *
     * @param selector one that counts
     * @param name what the object name ends with, quoted where JMX asks for that; not empty
     * @return the object name: {@code dev.pollux:type=FdSelector,name=main}
     * @throws PolluxException.Closed after close
     * @throws IllegalStateException if the selector does not count; or if there is a bean of this
     *     name, which stays
     * @throws IllegalArgumentException if the name is empty
     * @throws UnsupportedOperationException if this JVM was started without {@code java.management}
     */
    public static String register(FdSelector selector, String name) throws PolluxException {
        if (name.isEmpty()) {
            throw new IllegalArgumentException(
                    "register(name=\"\"): it is empty; name what the selector is for");
        }
        Objects.requireNonNull(selector, "selector").counters(); // throws if nobody counts
        try {
            return ManagedCounters.register(selector, name);
        } catch (NoClassDefFoundError e) {
            throw new UnsupportedOperationException(
                    "register(name="
                            + name
                            + "): JMX is not here; start the JVM with the module java.management"
                            + " (--add-modules java.management)",
                    e);
        }
    }
}
