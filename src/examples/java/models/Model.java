/* What the I/O models have in common, see IoModels; not an example of its own. */
package models;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;

/** A way to serve the echo job: what comes in on a connection goes out on it again. */
interface Model {
    int BACKLOG = 1024;

    /** Bytes that are read at once; a message has 64. */
    int BUFFER = 4096;

    /** Starts threads that serve until the process ends; returns the port of 127.0.0.1. */
    int start() throws IOException;

    /** Any free port. */
    static InetSocketAddress anyPort() throws IOException {
        return new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0);
    }

    static ServerSocketChannel listen() throws IOException {
        return ServerSocketChannel.open().bind(anyPort(), BACKLOG);
    }

    static int port(ServerSocketChannel listener) {
        return listener.socket().getLocalPort();
    }

    /** Something that runs until the process ends. */
    interface Job {
        void run() throws IOException, InterruptedException;
    }

    static Thread spawn(String name, Job job) {
        var thread = new Thread(() -> runOrEnd(job), name);
        thread.start();
        return thread;
    }

    /** A server that lost one of its threads serves no more: it says why, and the process ends. */
    static void runOrEnd(Job job) {
        try {
            job.run();
        } catch (Throwable e) {
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }
}
