package ftp;

import java.io.IOException;
import java.time.Duration;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * The progress bar of a transfer, on the error output. On a terminal the library draws one below
 * the other (by a thread of its own); elsewhere each is a line now and then.
 */
final class Progress {
    private static final int WIDTH = 79;

    private final String name;
    private final boolean terminal;
    private ProgressBar bar; // null before the beginning, and after the end

    Progress(String name, boolean terminal) {
        this.name = name;
        this.terminal = terminal;
    }

    static boolean isTerminal() throws IOException {
        try {
            return new ProcessBuilder("test", "-t", "2").inheritIO().start().waitFor() == 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** From so many bytes to so many; -1 if that is not known. */
    void begin(long from, long size) {
        boolean small = size < 10_000_000;
        ProgressBarBuilder builder =
                ProgressBar.builder()
                        .setTaskName(name)
                        .setInitialMax(size)
                        .startsFrom(from, Duration.ZERO)
                        .setUnit(small ? " KB" : " MB", small ? 1000 : 1_000_000)
                        .setStyle(ProgressBarStyle.ASCII)
                        .setUpdateIntervalMillis(terminal ? 100 : 2000)
                        .setMaxRenderedLength(WIDTH);
        if (!terminal) {
            builder.setConsumer(new DelegatingProgressBarConsumer(System.err::println, WIDTH));
        }
        bar = builder.build();
    }

    void moved(int bytes) {
        bar.stepBy(bytes);
    }

    void end() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
