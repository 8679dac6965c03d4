final class JettyClientTest extends ClientTest {
    JettyClientTest() {
        super(JettyClient.class);
    }
}
