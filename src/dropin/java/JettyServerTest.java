final class JettyServerTest extends ServerTest {
    JettyServerTest() {
        super(JettyServer.class);
    }
}
