package dev.pollux;

import dev.pollux.driver.Driver;
import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.util.List;
import java.util.Objects;
import java.util.function.IntFunction;

/**
 * What users change of the registrations of one selector: at once, by the registrar, or with the
 * next wait, by the loop. Any thread's.
 */
final class Changes {
    private final Backend backend;
    private final Driver driver;
    private final Registrar registrar;
    private final PollLoop loop;

    Changes(Backend backend, Driver driver, Registrar registrar, PollLoop loop) {
        this.backend = backend;
        this.driver = driver;
        this.registrar = registrar;
        this.loop = loop;
    }

    /** By its number. Its channel is kept, if that is attached, whatever is attached later. */
    FdKey register(int fd, Interest interest, Trigger trigger, Object attachment)
            throws PolluxException {
        var channel = ChannelFd.of(fd, attachment, driver.sys());
        return register(fd, interest, trigger, attachment, channel);
    }

    /**
     * @param channel what it is registered by, which the key keeps; null: by its number alone
     */
    FdKey register(
            int fd,
            Interest interest,
            Trigger trigger,
            Object attachment,
            SelectableChannel channel)
            throws PolluxException {
        Objects.requireNonNull(interest, "interest");
        Objects.requireNonNull(trigger, "trigger");
        registrar.requireRegistrable(fd, interest, trigger);
        if (interest.isPriority()) {
            loop.beforePriority(fd);
        }
        return registrar.add(fd, interest, trigger, attachment, channel);
    }

    List<FdKey> registerAll(
            FdSelector owner,
            int[] fds,
            Interest interest,
            Trigger trigger,
            IntFunction<?> attachmentOf)
            throws PolluxException {
        Objects.requireNonNull(interest, "interest");
        Objects.requireNonNull(trigger, "trigger");
        Objects.requireNonNull(attachmentOf, "attachmentOf");
        registrar.requireOpen("registerAll");
        var many = new ManyRegistrations(owner, driver, registrar, fds.clone(), interest, trigger);
        many.check();
        for (int i = 0; i < fds.length && interest.isPriority(); i++) {
            loop.beforePriority(fds[i]);
        }
        return many.add(attachmentOf);
    }

    void modify(FdKey key, Interest interest, Trigger trigger) throws PolluxException {
        Objects.requireNonNull(interest, "interest");
        Objects.requireNonNull(trigger, "trigger");
        registrar.requireOpen("modify");
        registrar.requireRegistered("modify", key);
        int want = FdKey.want(interest, trigger);
        if (want != key.want()) {
            registrar.requireSupported("modify", key.fd, interest, trigger);
        }
        if (interest.isPriority() && !key.priorityAsked) {
            loop.beforePriority(key.fd);
            key.priorityAsked = true;
        }
        // From or to exclusive is a removal and an addition: their errors are the caller's.
        int triggers = FdKey.triggerBits(key.want()) | trigger.bits();
        if ((triggers & Driver.EXCLUSIVE) != 0 || !loop.addPending(key, want)) {
            registrar.modify(key, interest, trigger);
        }
    }

    void unregister(FdKey key) throws PolluxException {
        remove(key);
    }

    void unregisterAndClose(FdKey key) throws IOException {
        if (remove(key)) {
            ChannelFd.close(key, driver.sys());
        }
    }

    /** See {@link FdSelector#fd}. */
    int nest() throws PolluxException {
        registrar.requireOpen("fd");
        if (driver.fd() < 0) {
            String why = "fd: " + backend + " has no descriptor of its own that can be watched";
            throw new PolluxException.Unsupported("fd", -1, 0, why);
        }
        loop.nest();
        return driver.fd();
    }

    /** Whether its descriptor was not found closed. */
    private boolean remove(FdKey key) throws PolluxException {
        Objects.requireNonNull(key, "key");
        boolean isOurs = registrar.remove(key);
        loop.cancelPending(key);
        return isOurs;
    }
}
