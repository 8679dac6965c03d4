package dev.pollux;

import dev.pollux.sys.Syscalls;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** System calls that are counted, and some of them answered otherwise than by the kernel. */
final class Altered implements InvocationHandler {

    /** Instead of the kernel. */
    @FunctionalInterface
    interface Answer {
        /** What to return; {@link #ASK_KERNEL} leaves it to the kernel. */
        int to(Object[] arguments);
    }

    static final int ASK_KERNEL = Integer.MIN_VALUE;

    private final Syscalls kernel;
    private final Map<String, Answer> answers = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> counts = new ConcurrentHashMap<>();

    /** To open a selector with. */
    final Syscalls sys;

    Altered(Syscalls kernel) {
        this.kernel = kernel;
        ClassLoader loader = Syscalls.class.getClassLoader();
        sys = (Syscalls) Proxy.newProxyInstance(loader, new Class<?>[] {Syscalls.class}, this);
    }

    /** From now on this call is answered so. */
    void answer(String call, Answer answer) {
        answers.put(call, answer);
    }

    /** From now on this call fails with this error. */
    void fail(String call, int errno) {
        answer(call, arguments -> -errno);
    }

    /** From now on this call is the kernel's again. */
    void heal(String call) {
        answers.remove(call);
    }

    /** How often this call was made. */
    int count(String call) {
        AtomicInteger count = counts.get(call);
        return count == null ? 0 : count.get();
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        counts.computeIfAbsent(method.getName(), name -> new AtomicInteger()).incrementAndGet();
        Answer answer = answers.get(method.getName());
        if (answer != null) {
            int rc = answer.to(arguments);
            if (rc != ASK_KERNEL) {
                return rc;
            }
        }
        try {
            return method.invoke(kernel, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
