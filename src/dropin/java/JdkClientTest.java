final class JdkClientTest extends ClientTest {
    JdkClientTest() {
        super(JdkClient.class);
    }
}
