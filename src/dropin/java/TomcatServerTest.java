final class TomcatServerTest extends ServerTest {
    TomcatServerTest() {
        super(TomcatServer.class);
    }
}
