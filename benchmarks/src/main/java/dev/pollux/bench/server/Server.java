package dev.pollux.bench.server;

import java.io.IOException;

/** What serves until the process ends, and what can be asked of it. */
interface Server {
    /** As the servers in C have them. */
    int BUFFER_BYTES = 1024;

    int BACKLOG = 1024;

    int port() throws IOException;

    /** The thread that does all the work; null if there are more of them. */
    Thread thread();
}
