package dev.pollux;

import java.io.IOException;

/** The handler of a poll that is observed: its observer comes before and after it. Kept. */
final class ObservedHandler implements ReadyHandler {
    private LoopObserver observer; // the polling thread's, as the next one
    private ReadyHandler handler;

    void begin(LoopObserver observer, ReadyHandler handler) {
        this.observer = observer;
        this.handler = handler;
    }

    void end() {
        observer = null;
        handler = null;
    }

    @Override
    public void onReady(FdKey key, Ready ready) throws IOException {
        observer.delivering(key, ready);
        try {
            handler.onReady(key, ready);
        } finally {
            observer.delivered(key, ready);
        }
    }
}
