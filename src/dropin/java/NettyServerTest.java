final class NettyServerTest extends ServerTest {
    NettyServerTest() {
        super(NettyServer.class);
    }
}
