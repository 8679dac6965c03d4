package dev.pollux.bench;

import dev.pollux.bench.server.ServerKind;
import dev.pollux.bench.server.ServerTurn;
import dev.pollux.bench.server.ServerUnderLoad;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Servers that are all started and warmed up first, and then take many short turns: machines get
 * faster and slower within seconds, and a fraction of a second lies between two turns this way.
 */
final class ServersRow implements Row {
    /** Starts one. */
    interface Opener {
        ServerUnderLoad open(ServerKind kind) throws Exception;
    }

    private final List<ServerKind> kinds;
    private final Opener opener;
    private final int slices;
    private final Map<ServerKind, ServerUnderLoad> running = new EnumMap<>(ServerKind.class);
    final SideBySide<ServerKind, ServerTurn> turns;

    ServersRow(String text, List<ServerKind> kinds, int slices, int millis, Opener opener) {
        this.kinds = kinds;
        this.opener = opener;
        this.slices = slices;
        turns = new SideBySide<>(text, kinds, kind -> running.get(kind).turn(millis));
    }

    @Override
    public String text() {
        return turns.text();
    }

    @Override
    public int turns() {
        return 2 * kinds.size();
    }

    @Override
    public void round(Runnable afterEachTurn) throws Exception {
        try {
            for (ServerKind kind : kinds) {
                running.put(kind, opener.open(kind));
                afterEachTurn.run();
            }
            for (int i = 0; i < slices; i++) {
                turns.round(() -> {});
            }
        } finally {
            running.values().forEach(ServerUnderLoad::close);
            running.clear();
        }
    }

    @Override
    public boolean isMeasured() {
        return turns.isMeasured();
    }
}
