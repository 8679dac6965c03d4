package dev.pollux;

import dev.pollux.sys.Privileged;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToLongFunction;
import javax.management.Attribute;
import javax.management.AttributeList;
import javax.management.AttributeNotFoundException;
import javax.management.DynamicMBean;
import javax.management.InstanceAlreadyExistsException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.ReflectionException;

/** What {@link CountersBean} registers: loaded only then, since java.management may be missing. */
final class ManagedCounters implements DynamicMBean {
    private static final Map<String, ToLongFunction<Counters>> ATTRIBUTES = new LinkedHashMap<>();

    static {
        ATTRIBUTES.put("Polls", Counters::polls);
        ATTRIBUTES.put("Waits", Counters::waits);
        ATTRIBUTES.put("EmptyWaits", Counters::emptyWaits);
        ATTRIBUTES.put("Events", Counters::events);
        ATTRIBUTES.put("LargestBatch", Counters::largestBatch);
        ATTRIBUTES.put("Wakeups", Counters::wakeups);
        ATTRIBUTES.put("CoalescedWakeups", Counters::coalescedWakeups);
        ATTRIBUTES.put("PendingChanges", Counters::pendingChanges);
        ATTRIBUTES.put("SentChanges", Counters::sentChanges);
        ATTRIBUTES.put("CancelledChanges", Counters::cancelledChanges);
        ATTRIBUTES.put("WaitedNanos", Counters::waitedNanos);
        ATTRIBUTES.put("HandlerNanos", Counters::handlerNanos);
        ATTRIBUTES.put("Registrations", Counters::registrations);
    }

    private final WeakReference<FdSelector> selector;

    private ManagedCounters(FdSelector selector) {
        this.selector = new WeakReference<>(selector);
    }

    static String register(FdSelector selector, String name) throws PolluxException {
        try {
            String value = name.matches("[^,=:\"*?\n]+") ? name : ObjectName.quote(name);
            var objectName = new ObjectName("dev.pollux:type=FdSelector,name=" + value);
            MBeanServer server = Privileged.call(ManagementFactory::getPlatformMBeanServer);
            var bean = new ManagedCounters(selector);
            Privileged.call(() -> server.registerMBean(bean, objectName));
            Runnable unregister = () -> unregister(server, objectName);
            if (!selector.loop.whenClosed(unregister)) {
                unregister.run();
                throw new PolluxException.Closed("register");
            }
            return objectName.toString();
        } catch (InstanceAlreadyExistsException e) {
            throw new IllegalStateException(
                    "register(name="
                            + name
                            + "): there is a bean of this name, of another selector that is open;"
                            + " choose another name, or close that one first",
                    e);
        } catch (JMException e) {
            throw new IllegalStateException("register(name=" + name + "): " + e, e);
        }
    }

    private static void unregister(MBeanServer server, ObjectName name) {
        try {
            Privileged.call(
                    () -> {
                        server.unregisterMBean(name);
                        return null;
                    });
        } catch (InstanceNotFoundException e) {
            // Somebody has done it already.
        } catch (JMException e) {
            throw new IllegalStateException("close: the bean " + name + ": " + e, e);
        }
    }

    // ---- what JMX asks for

    @Override
    public Object getAttribute(String attribute) throws AttributeNotFoundException {
        ToLongFunction<Counters> counter = ATTRIBUTES.get(attribute);
        if (counter == null) {
            throw new AttributeNotFoundException(
                    attribute + ": there are " + String.join(", ", ATTRIBUTES.keySet()));
        }
        return counter.applyAsLong(snapshot());
    }

    @Override
    public AttributeList getAttributes(String[] attributes) {
        Counters counters = snapshot();
        var list = new AttributeList();
        for (String attribute : attributes) {
            ToLongFunction<Counters> counter = ATTRIBUTES.get(attribute);
            if (counter != null) { // those that are not there are left out
                list.add(new Attribute(attribute, counter.applyAsLong(counters)));
            }
        }
        return list;
    }

    private Counters snapshot() {
        FdSelector open = selector.get();
        if (open == null) {
            throw new IllegalStateException("the selector is unreachable, and about to be closed");
        }
        return open.counters();
    }

    @Override
    public void setAttribute(Attribute attribute) throws AttributeNotFoundException {
        throw new AttributeNotFoundException(attribute.getName() + ": nothing can be set here");
    }

    @Override
    public AttributeList setAttributes(AttributeList attributes) {
        return new AttributeList();
    }

    @Override
    public Object invoke(String operation, Object[] arguments, String[] signature)
            throws ReflectionException {
        throw new ReflectionException(
                new NoSuchMethodException(operation), "there is nothing to be called here");
    }

    @Override
    public MBeanInfo getMBeanInfo() {
        MBeanAttributeInfo[] attributes =
                ATTRIBUTES.keySet().stream()
                        .map(name -> new MBeanAttributeInfo(name, "long", name, true, false, false))
                        .toArray(MBeanAttributeInfo[]::new);
        String what = "What a selector has done since it counts; see dev.pollux.Counters";
        return new MBeanInfo(
                ManagedCounters.class.getName(), what, attributes, null, null, null, null);
    }
}
