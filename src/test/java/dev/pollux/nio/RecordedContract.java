package dev.pollux.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.support.Recorded;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import jdk.jfr.consumer.RecordedEvent;

/** What the flight recorder gets to see of a selection. */
class RecordedContract {
    private static final Map<String, String> ALL = Map.of("dev.pollux.Select#threshold", "0 ms");

    @EveryProvider
    void a_selection_says_how_many_keys_and_why_it_ended(Selector selector, Subject subject)
            throws IOException {
        assumeTrue(selector instanceof NioSelector, "this is about our selectors");
        Pipe pipe = Pipe.open();
        try (var source = pipe.source();
                var sink = pipe.sink();
                var recorded = new Recorded(ALL)) {
            source.configureBlocking(false);
            source.register(selector, SelectionKey.OP_READ);
            selector.selectNow();
            selector.select(30);
            selector.wakeup();
            selector.select();
            sink.write(ByteBuffer.wrap(new byte[1]));
            selector.select();
            assertThrows(
                    IllegalStateException.class,
                    () ->
                            selector.select(
                                    key -> {
                                        throw new IllegalStateException("of the action");
                                    }));
            List<RecordedEvent> selects = recorded.events("Select");
            assertEquals(
                    List.of("1 0 TIMEOUT", "1 0 TIMEOUT", "1 0 WAKEUP", "1 1 EVENTS", "1 1 EVENTS"),
                    selects.stream().map(RecordedContract::described).collect(Collectors.toList()));
            assertEquals(30, selects.get(1).getDuration("timeout").toMillis());
            assertTrue(selects.get(1).getDuration().toMillis() >= 30, selects.get(1) + "");
            assertEquals(Long.MAX_VALUE, selects.get(2).getLong("timeout"));
            selector.selectNow(); // no recorder any more
        }
    }

    private static String described(RecordedEvent select) {
        return select.getInt("keys")
                + (" " + select.getInt("selected"))
                + (" " + select.getString("endedBy"));
    }
}
