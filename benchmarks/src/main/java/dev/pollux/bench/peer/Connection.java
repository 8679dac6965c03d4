package dev.pollux.bench.peer;

/** Stands for what a server keeps of each connection. */
final class Connection {
    long served;

    static Connection[] of(int count) {
        var all = new Connection[count];
        for (int i = 0; i < count; i++) {
            all[i] = new Connection();
        }
        return all;
    }
}
