package dev.pollux.support;

import dev.pollux.Backend;
import dev.pollux.FdSelector;
import dev.pollux.sys.Syscalls;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A binding that keeps a list of the system calls that go through it, and in which a test may have
 * a hand. What asks no kernel (layouts, addresses, texts) is not listed.
 */
public final class Intercepted implements InvocationHandler {
    private static final Set<String> NO_CALLS =
            Set.of(
                    "binding",
                    "throughLibc",
                    "returns",
                    "isLinux",
                    "layout",
                    "errno",
                    "errorNumber",
                    "errorText",
                    "address",
                    "allocate",
                    "free",
                    "uringMemory",
                    "toString",
                    "hashCode",
                    "equals");

    /** The time-out of each call that waits: where it is among the arguments, and its unit. */
    private enum Wait {
        epollWait(3, 1_000_000),
        epollPwait2(3, 1),
        keventWait(3, 1),
        poll(2, 1_000_000),
        ppoll(2, 1),
        select(4, 1_000);

        final int argument;
        final long unit;

        Wait(int argument, long unit) {
            this.argument = argument;
            this.unit = unit;
        }
    }

    /** What a test does instead of, before or after a call. */
    @FunctionalInterface
    public interface Hand {
        Object call(String name, Object[] arguments, Call real) throws Throwable;
    }

    /** The call itself. */
    @FunctionalInterface
    public interface Call {
        Object make() throws Throwable;
    }

    private final Syscalls real;
    private final List<String> calls = new ArrayList<>();
    private final List<Long> waits = new ArrayList<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicInteger interrupted = new AtomicInteger();
    private final AtomicReference<Hand> hand = new AtomicReference<>((name, args, r) -> r.make());

    /** To be given to {@link FdSelector#open(Backend, Syscalls)}. */
    public final Syscalls sys;

    public Intercepted(Syscalls real) {
        this.real = real;
        sys =
                (Syscalls)
                        Proxy.newProxyInstance(
                                Intercepted.class.getClassLoader(),
                                new Class<?>[] {Syscalls.class},
                                this);
    }

    public Intercepted(EveryBackend.Pair pair) {
        this(pair.sys());
    }

    /** From here on every call goes through this. */
    public void take(Hand newHand) {
        hand.set(newHand);
    }

    /** The calls since the last time this was asked, by name. */
    public List<String> calls() {
        synchronized (calls) {
            var taken = List.copyOf(calls);
            calls.clear();
            return taken;
        }
    }

    /** The time-outs in nanoseconds, -1 for none, of the waits since this was asked last. */
    public List<Long> waits() {
        synchronized (calls) {
            var taken = List.copyOf(waits);
            waits.clear();
            return taken;
        }
    }

    /** The time-out of the wait that is under way, or was last. */
    public long lastWait() {
        synchronized (calls) {
            return waits.get(waits.size() - 1);
        }
    }

    /** How many threads are in a call that waits. */
    public int waiting() {
        return waiting.get();
    }

    /** How many waits a signal has ended. */
    public int interrupted() {
        return interrupted.get();
    }

    public static boolean isWait(String name) {
        for (Wait wait : Wait.values()) {
            if (wait.name().equals(name)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        String name = method.getName();
        if (NO_CALLS.contains(name)) {
            return make(method, arguments);
        }
        boolean waits = isWait(name);
        synchronized (calls) {
            calls.add(name);
            if (waits) {
                var wait = Wait.valueOf(name);
                long timeout = ((Number) arguments[wait.argument]).longValue();
                this.waits.add(timeout < 0 ? -1 : timeout * wait.unit);
            }
        }
        if (!waits) {
            return hand.get().call(name, arguments, () -> make(method, arguments));
        }
        waiting.incrementAndGet();
        try {
            Object rc = hand.get().call(name, arguments, () -> make(method, arguments));
            if (rc.equals(-real.errno().EINTR)) {
                interrupted.incrementAndGet();
            }
            return rc;
        } finally {
            waiting.decrementAndGet();
        }
    }

    private Object make(Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
