package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.Counters;
import dev.pollux.CountersBean;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PolluxException;
import dev.pollux.Trigger;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.management.Attribute;
import javax.management.AttributeList;
import javax.management.AttributeNotFoundException;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.ReflectionException;

/** {@link CountersBean}: the counters, by JMX, as long as the selector is open. */
class CountersBeanContract {
    private static final MBeanServer SERVER = ManagementFactory.getPlatformMBeanServer();

    private static ObjectName registered(FdSelector selector, String name) throws Exception {
        selector.startCounting(false);
        return new ObjectName(CountersBean.register(selector, name));
    }

    @EveryBackend
    void its_attributes_are_the_counters(FdSelector selector) throws Exception {
        ObjectName name = registered(selector, "main");
        assertEquals("dev.pollux:type=FdSelector,name=main", name.toString());
        selector.poll(0, TimeUnit.SECONDS, Poller.UNEXPECTED);
        selector.wakeup();
        assertEquals(1L, SERVER.getAttribute(name, "Polls"));
        var listed = new ArrayList<String>();
        for (MBeanAttributeInfo each : SERVER.getMBeanInfo(name).getAttributes()) {
            assertEquals("long", each.getType(), each.toString());
            assertTrue(each.isReadable() && !each.isWritable(), each.toString());
            listed.add(each.getName());
        }
        Counters counters = selector.counters();
        var values = new ArrayList<Long>();
        for (Object each : SERVER.getAttributes(name, listed.toArray(new String[0]))) {
            values.add((Long) ((Attribute) each).getValue());
        }
        var expectedNames = new ArrayList<String>();
        var expected = new ArrayList<Long>();
        for (RecordComponent each : Counters.class.getRecordComponents()) {
            String component = each.getName();
            expectedNames.add(component.substring(0, 1).toUpperCase() + component.substring(1));
            expected.add(((Number) each.getAccessor().invoke(counters)).longValue());
        }
        assertEquals(expectedNames, listed);
        assertEquals(expected, values);
    }

    @EveryBackend
    void nothing_else_is_there_and_nothing_can_be_set(FdSelector selector) throws Exception {
        ObjectName name = registered(selector, "main");
        assertThrows(AttributeNotFoundException.class, () -> SERVER.getAttribute(name, "Unheard"));
        assertEquals(1, SERVER.getAttributes(name, new String[] {"Unheard", "Polls"}).size());
        assertThrows(
                AttributeNotFoundException.class,
                () -> SERVER.setAttribute(name, new Attribute("Polls", 0L)));
        assertEquals(0, SERVER.setAttributes(name, new AttributeList()).size());
        assertThrows(ReflectionException.class, () -> SERVER.invoke(name, "reset", null, null));
    }

    @EveryBackend
    void it_is_gone_when_the_selector_is_closed(Pair pair) throws Exception {
        FdSelector selector = pair.open();
        List<ObjectName> names =
                List.of(registered(selector, "one"), registered(selector, "a second: \"*\""));
        assertEquals(
                "dev.pollux:type=FdSelector,name=\"a second: \\\"\\*\\\"\"", names.get(1) + "");
        for (ObjectName name : names) {
            assertTrue(SERVER.isRegistered(name), name.toString());
        }
        selector.close();
        for (ObjectName name : names) {
            assertFalse(SERVER.isRegistered(name), name.toString());
        }
    }

    @EveryBackend
    void it_is_gone_when_a_poll_was_blocked(Pair pair) throws Exception {
        FdSelector selector = pair.open();
        ObjectName name = registered(selector, "main");
        Poller poller = Poller.poll(selector).awaitBlocked();
        selector.close();
        assertThrows(PolluxException.Closed.class, poller::result);
        assertFalse(SERVER.isRegistered(name));
    }

    @EveryBackend
    void it_is_gone_when_a_handler_has_closed_the_selector(Pair pair) throws Exception {
        try (var fds = new Fds()) {
            FdSelector selector = pair.open();
            ObjectName name = registered(selector, "main");
            selector.register(fds.pipe()[1], Interest.WRITE, Trigger.LEVEL, null);
            assertThrows(
                    PolluxException.Closed.class,
                    () -> selector.poll((key, ready) -> selector.close()));
            assertFalse(SERVER.isRegistered(name));
        }
    }

    @EveryBackend
    void it_does_not_keep_the_selector_from_being_closed_by_the_cleaner(Pair pair)
            throws Exception {
        Host.requirePlatformThreads("its stack may keep what it used longer");
        ObjectName name = abandoned(pair);
        assertTrue(SERVER.isRegistered(name), "the control");
        Poller.await(
                "the bean is gone",
                () -> {
                    System.gc();
                    return !SERVER.isRegistered(name);
                });
    }

    /** In a frame of its own, which is gone when this returns. */
    private static ObjectName abandoned(Pair pair) throws Exception {
        return registered(pair.open(), "abandoned");
    }

    @EveryBackend
    void a_name_belongs_to_one_selector_at_a_time(Pair pair) throws Exception {
        ObjectName name;
        try (FdSelector first = pair.open()) {
            name = registered(first, "main");
            try (FdSelector second = pair.open()) {
                second.startCounting(false);
                var taken =
                        assertThrows(
                                IllegalStateException.class,
                                () -> CountersBean.register(second, "main"));
                assertTrue(taken.getMessage().contains("register(name=main)"), taken + "");
                assertTrue(taken.getMessage().contains("another name"), taken + "");
            }
            first.poll(0, TimeUnit.SECONDS, Poller.UNEXPECTED);
            assertEquals(1L, SERVER.getAttribute(name, "Polls"), "the first has it still");
        }
        assertFalse(SERVER.isRegistered(name));
        try (FdSelector third = pair.open()) {
            assertEquals(name, registered(third, "main"));
        }
    }

    @EveryBackend
    void who_has_unregistered_it_already_does_no_harm(Pair pair) throws Exception {
        FdSelector selector = pair.open();
        SERVER.unregisterMBean(registered(selector, "main"));
        selector.close();
    }

    @EveryBackend
    void what_cannot_be_registered_is_refused(FdSelector selector) throws IOException {
        var why =
                assertThrows(
                        IllegalStateException.class, () -> CountersBean.register(selector, "main"));
        assertTrue(why.getMessage().contains("startCounting"), why.getMessage());
        assertThrows(IllegalArgumentException.class, () -> CountersBean.register(selector, ""));
        selector.startCounting(false);
        selector.close();
        assertThrows(PolluxException.Closed.class, () -> CountersBean.register(selector, "closed"));
        assertFalse(Stream.of(SERVER.getDomains()).anyMatch(domain -> domain.equals("dev.pollux")));
    }
}
