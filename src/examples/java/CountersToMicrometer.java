/*
 * The counters of a selector as Micrometer's meters, for Prometheus and the like.
 *
 * Run       make example NAME=CountersToMicrometer
 * or        java --enable-native-access=ALL-UNNAMED \
 *               -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" CountersToMicrometer
 *
 * You will see what a small loop has done, as the meters say it. All that a server needs is bind.
 */

import dev.pollux.Counters;
import dev.pollux.DefaultSelector;
import dev.pollux.FdSelector;
import dev.pollux.PolluxException;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/** Binds the counters, and shows them once. */
final class CountersToMicrometer {
    /** For each look of the registry's a snapshot is taken; the loop pays nothing for it. */
    static void bind(FdSelector selector, String name, MeterRegistry registry)
            throws PolluxException {
        selector.startCounting(true);
        counter(selector, name, registry, "pollux.polls", Counters::polls);
        counter(selector, name, registry, "pollux.events", Counters::events);
        counter(selector, name, registry, "pollux.waits.empty", Counters::emptyWaits);
        counter(selector, name, registry, "pollux.wakeups", Counters::wakeups);
        counter(selector, name, registry, "pollux.changes.sent", Counters::sentChanges);
        counter(selector, name, registry, "pollux.handlers.seconds", c -> c.handlerNanos() / 1e9);
        Gauge.builder("pollux.registrations", selector, s -> s.counters().registrations())
                .tag("selector", name)
                .register(registry); // holds the selector weakly, as the counters do
    }

    private static void counter(
            FdSelector selector,
            String name,
            MeterRegistry registry,
            String meter,
            ToDoubleFunction<Counters> value) {
        FunctionCounter.builder(meter, selector, s -> value.applyAsDouble(s.counters()))
                .tag("selector", name)
                .register(registry);
    }

    public static void main(String[] args) throws IOException {
        var registry = new SimpleMeterRegistry();
        try (FdSelector selector = DefaultSelector.open()) {
            bind(selector, "main", registry);
            selector.wakeup();
            selector.poll((key, ready) -> {});
            selector.poll(1, TimeUnit.MILLISECONDS, (key, ready) -> {});
            System.out.println(registry.getMetersAsString());
        }
    }
}
