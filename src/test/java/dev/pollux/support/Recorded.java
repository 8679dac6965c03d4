package dev.pollux.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/** What the flight recorder has of Pollux from its opening to {@link #events}. */
public final class Recorded implements AutoCloseable {
    private final Recording recording;

    /** With these settings, {@code dev.pollux.Poll#threshold} for one; others are the defaults. */
    public Recorded(Map<String, String> settings) {
        recording = new Recording(settings);
        recording.start();
    }

    public Recorded() {
        this(Map.of());
    }

    /** Ends it; in the order in which they began. */
    public List<RecordedEvent> events() throws IOException {
        Path file = Files.createTempFile("pollux", ".jfr");
        try {
            recording.stop();
            recording.dump(file);
            return RecordingFile.readAllEvents(file).stream()
                    .filter(event -> event.getEventType().getName().startsWith("dev.pollux."))
                    .sorted(Comparator.comparing(RecordedEvent::getStartTime))
                    .collect(Collectors.toList());
        } finally {
            Files.delete(file);
        }
    }

    /** Those of this type, {@code Poll} for one. */
    public List<RecordedEvent> events(String type) throws IOException {
        return events().stream()
                .filter(event -> event.getEventType().getName().equals("dev.pollux." + type))
                .collect(Collectors.toList());
    }

    @Override
    public void close() {
        recording.close();
    }
}
