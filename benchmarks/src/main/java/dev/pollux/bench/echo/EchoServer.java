package dev.pollux.bench.echo;

import java.io.IOException;

/** An echo server with one thread that does all the work, and what can be asked of it. */
interface EchoServer {
    int port() throws IOException;

    /** How many bytes have been sent back. */
    long echoed();

    /** The thread whose time counts. */
    Thread thread();
}
