/* How the recipes begin, and how they show that waiting costs nothing; not an example of its own. */
package recipes;

import dev.pollux.FdSelector;
import dev.pollux.ReadyHandler;
import dev.pollux.Trigger;
import java.io.IOException;

/** A program that may not be able to run here. */
interface Recipe {
    /** The attachment of each key is its handler. */
    ReadyHandler DISPATCH = (key, ready) -> ((ReadyHandler) key.attachment()).onReady(key, ready);

    void run() throws Exception;

    /** Runs it, or says why it cannot run here; what it throws becomes the exit status 1. */
    static void start(Recipe recipe) throws Exception {
        try {
            if (!System.getProperty("os.name").equals("Linux")) {
                throw new LibC.Unavailable("it is about a descriptor of Linux");
            }
            recipe.run();
        } catch (LibC.Unavailable e) {
            System.out.println("skipped: " + e.getMessage());
        }
    }

    /** EDGE where the backend has it. */
    static Trigger edge(FdSelector selector) {
        return selector.supports(Trigger.EDGE) ? Trigger.EDGE : Trigger.LEVEL;
    }

    /**
     * Waits without end while nothing happens, until another thread calls wakeup a second later,
     * and prints how often the polling thread was woken before.
     */
    static void idle(FdSelector selector) throws Exception {
        var clock =
                new Thread(
                        () -> {
                            try {
                                Thread.sleep(1000);
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt(); // the second is over earlier
                            }
                            selector.wakeup();
                        });
        selector.startCounting(false);
        long before = selector.counters().waits();
        clock.start();
        selector.poll(
                (key, ready) -> {
                    throw new IOException("not idle: " + key + " is " + ready);
                });
        clock.join();
        var counters = selector.counters();
        System.out.printf(
                "idle: %d wake-ups in a second, %d descriptors, by %s%n",
                counters.waits() - before - 1, // the last one was the end of the second
                counters.registrations(),
                selector.backend());
    }
}
