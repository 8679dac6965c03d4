import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * What every client is put through, against the JDK's server in this JVM, which runs on the JDK's
 * own provider.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
abstract class ClientTest {
    private final Class<? extends Program> program;
    private final JdkServer server = new JdkServer();
    private final Bodies right = new Bodies();
    private int port;
    private Jvm jvm;
    private List<String> before;
    private List<String> after = List.of(); // none, if it is unknown

    ClientTest(Class<? extends Program> program) {
        this.program = program;
    }

    @BeforeAll
    void start() throws Exception {
        port = server.start();
        jvm = new Jvm(program);
        closedAfterEach(20);
        before = jvm.descriptors();
    }

    @AfterAll
    void destroy() {
        if (jvm != null) {
            jvm.close();
        }
        server.stop();
    }

    @Test
    @Order(1)
    void it_waits_by_the_provider_that_was_asked_for() throws Exception {
        jvm.isWhatItShouldBe();
    }

    @Test
    @Order(2)
    void it_gets_what_is_served() {
        String[] found = jvm.ask("exercise " + port).split(" ");
        right.add(Long.parseLong(found[0]), Long.parseLong(found[1]));
    }

    @Test
    @Order(3)
    void no_descriptor_is_left_after_a_thousand_connections() throws Exception {
        closedAfterEach(1000);
        after = jvm.descriptorsDownTo(before);
        jvm.isWhatItShouldBe();
    }

    @Test
    @Order(4)
    void it_stops_cleanly() throws Exception {
        int exit = jvm.stop();
        Table.add(program, jvm, right, before, after, exit);
    }

    private void closedAfterEach(int times) {
        String[] found = jvm.ask("once " + port + " " + times).split(" ");
        right.add(Long.parseLong(found[0]), Long.parseLong(found[1]));
    }
}
