final class JdkServerTest extends ServerTest {
    JdkServerTest() {
        super(JdkServer.class);
    }
}
