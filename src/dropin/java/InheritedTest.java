import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stock servers on a socket that their parent has opened, bound and had listen. */
class InheritedTest {
    @ParameterizedTest
    @ValueSource(classes = {NettyServer.class, JettyServer.class})
    void it_serves_on_the_socket_that_it_was_passed(Class<? extends Program> program)
            throws Exception {
        assumeTrue(Jvm.POLLUX, "the JDK knows descriptor 0 alone");
        assumeTrue(hasPython(), "there is no python3 to pass a socket");
        var right = new Bodies();
        try (var jvm = Jvm.startedBy(Inherited.PARENT, program, Inherited.OPTION)) {
            for (int i = 0; i < 20; i++) {
                try (var http = new Http(jvm.port())) {
                    http.get(Bodies.path(i, 1000 * i)).expect(Bodies.of(i, 1000 * i), right);
                    http.post("/echo", Bodies.of(i, 100)).expect(Bodies.of(i, 100), right);
                }
            }
            jvm.isWhatItShouldBe();
            int exit = jvm.stop();
            System.out.println(
                    program.getName()
                            + (" " + jvm.version() + " on inherited descriptor 3, port ")
                            + (jvm.port() + ": " + right + ", exit " + exit));
        }
    }

    private static boolean hasPython() throws InterruptedException {
        try {
            return new ProcessBuilder(List.of("python3", "-c", "")).start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
