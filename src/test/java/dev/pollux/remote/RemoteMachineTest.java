package dev.pollux.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.support.LostAgent;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.Platform;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The machine that the suite was sent to, before anything is asked of its kernel. */
@ExtendWith(LostAgent.class)
class RemoteMachineTest {
    @BeforeAll
    static void there_is_one() {
        assumeTrue(Remote.isOn(), "the suite is not sent to another machine (REMOTE=host:port)");
    }

    @Test
    void the_agent_answers_and_serves_the_process() throws Bindings.Unavailable {
        AgentLink link = Remote.link();
        System.out.printf(
                "the suite runs on %s %s, %s%n",
                link.text("system"), link.text("release"), link.text("machine"));
        assertEquals("agent", Bindings.current().binding());
    }

    /** What the bindings without C go by, see {@link Platform}. */
    @Test
    void the_table_says_what_the_headers_there_say() {
        AgentLink link = Remote.link();
        assumeTrue(
                link.constant("longSize") == Long.BYTES,
                "the table is of systems with 64 bits alone");
        Map<String, Integer> table = new Platform(column(link), Map.of()).constants();
        var said = new TreeMap<String, Integer>();
        var expected = new TreeMap<String, Integer>();
        for (String name : AgentSyscalls.CONSTANTS) {
            said.put(name, (int) link.constant(name));
            expected.put(name, table.get(name));
        }
        if (said.get("keventSize") == 0) { // Linux without libkqueue
            said.keySet().removeIf(RemoteMachineTest::isOfKqueue);
            expected.keySet().removeIf(RemoteMachineTest::isOfKqueue);
        } else if (said.get("EVFILT_USER") == 0) { // an older release, see Platform
            expected.replace("EVFILT_USER", 0);
            expected.replace("NOTE_TRIGGER", 0);
        }
        assertEquals(expected, said);
    }

    private static String column(AgentLink link) {
        String system = link.text("os");
        String machine = link.text("machine");
        if (!system.equals("linux")) {
            return system;
        }
        return machine.equals("x86_64")
                ? "linux/x64"
                : machine.matches("ppc.*|s390x") ? "linux/ppc" : "linux";
    }

    private static boolean isOfKqueue(String name) {
        return name.matches("kevent.*|kqueue.*|EV_.*|EVFILT_.*|NOTE_.*");
    }
}
