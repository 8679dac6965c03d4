package dev.pollux.sys.proc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the {@code tfd} lines of an epoll's fdinfo mean. */
class WatchTest {
    /** The bits as a 6.18 kernel prints them; 18 are errors and hang-ups, which it adds itself. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "19 | read, level",
                "2019 | read+peer's close, level",
                "1c | write, level",
                "1d | read+write, level",
                "1a | priority, level",
                "18 | errors and hang-ups alone, level",
                "80000019 | read, edge",
                "c0002019 | read+peer's close, edge oneshot",
                "40000000 | nothing until re-armed, level oneshot",
                "c0000000 | nothing until re-armed, edge oneshot",
                "10000019 | read, level exclusive",
                "9000001d | read+write, edge exclusive",
                "20000019 | read, level keeps the system awake",
                "59 | read+0x40, level"
            })
    void interest_and_trigger_are_words(String events, String words) {
        Watch watch = parse("tfd:        7 events: " + events + " data: 7  pos:0 ino:1 sdev:9");
        assertEquals(words.strip(), watch.text());
    }

    @Test
    void every_field_of_a_line_is_read() {
        Watch watch =
                parse(
                        "tfd:      123 events: 80000019 data: ffffffff00000007  pos:0 ino:39241 sdev:fe00002");
        assertEquals(new Watch(123, 0x80000019, 0xffffffff00000007L, 0x39241, 0xfe00002), watch);
        assertTrue(watch.isArmed());
    }

    @Test
    void kernels_before_4_13_do_not_say_which_file_it_is() {
        Watch watch = parse("tfd:        5 events:       1d data: ffffffff ");
        assertEquals(new Watch(5, 0x1d, 0xffffffffL, -1, -1), watch);
    }

    @Test
    void other_lines_are_passed_over() {
        String text = "pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t1033\n";
        assertEquals(List.of(), Watch.parse(text));
        assertEquals(List.of(), Watch.parse(""));
        assertEquals(List.of(), Watch.parse("tfd: cut off ev"));
    }

    @Test
    void one_shot_that_has_fired_is_not_armed() {
        assertFalse(parse("tfd: 5 events: 40000000 data: 5 pos:0 ino:1 sdev:9").isArmed());
        assertTrue(parse("tfd: 5 events: 40000018 data: 5 pos:0 ino:1 sdev:9").isArmed());
    }

    private static Watch parse(String line) {
        List<Watch> watches = Watch.parse("pos:\t0\nflags:\t02000002\n" + line + "\n");
        assertEquals(1, watches.size(), line);
        return watches.get(0);
    }
}
