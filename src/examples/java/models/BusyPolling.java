/* Non-blocking I/O in a busy loop, see IoModels; not an example of its own. */
package models;

import java.io.IOException;
import java.util.ArrayList;

/** Asks each connection again and again: never waits, and so never rests. */
final class BusyPolling implements Model {
    @Override
    public int start() throws IOException {
        var listener = Model.listen();
        listener.configureBlocking(false);
        Model.spawn(
                "busy",
                () -> {
                    var connections = new ArrayList<Connection>();
                    while (true) {
                        Connection next = Connection.accept(listener);
                        if (next != null) {
                            connections.add(next);
                        }
                        for (int i = connections.size() - 1; i >= 0; i--) {
                            if (connections.get(i).echoOnce() == Connection.State.OVER) {
                                connections.remove(i).channel.close();
                            }
                        }
                    }
                });
        return Model.port(listener);
    }
}
