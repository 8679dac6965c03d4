package dev.pollux.contract.kinds;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Child;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Reported;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

/** The page has a section for each kind that is tested, and no other. */
class PageTest {
    @Test
    void each_section_of_the_page_has_a_test_and_each_test_a_section() throws Exception {
        Kind.compareNames(methods());
    }

    @Test
    void each_section_has_a_row() {
        Page.sections()
                .forEach((name, section) -> assertTrue(!section.rows().isEmpty(), () -> name));
    }

    @Test
    void a_row_reads_as_it_is_written() {
        String line = "| a | READ WRITE | READ | READ | it is read | again |";
        assertEquals(line, Row.of(line).toString());
    }

    @Test
    void the_control_a_cell_that_is_wrong_is_found_out() throws Exception {
        Kernel.requireLinux();
        Pair epoll =
                Pair.all().stream()
                        .filter(pair -> Reported.isEpoll(pair.backend()))
                        .filter(pair -> pair.unavailableBecause() == null)
                        .findFirst()
                        .orElseThrow(() -> new TestAbortedException("epoll is left out"));
        Row right = Row.of("| a | READ | READ | READ | it is read empty | again |");
        assertEquals(right, new Trial(epoll, PageTest::pipe, right).observe());
        Row wrong = Row.of("| a | READ | READ | READ | it is read | not again |");
        assertEquals(right, new Trial(epoll, PageTest::pipe, wrong).observe());
    }

    private static Thing pipe(Fds fds) throws IOException {
        return StreamsContract.readEnd(fds.pipe());
    }

    private static List<String> methods() throws Exception {
        var names = new ArrayList<String>();
        String name = PageTest.class.getPackageName();
        Path classes = Child.testClasses().resolve(name.replace('.', '/'));
        try (var files = Files.newDirectoryStream(classes, "*Contract.class")) {
            for (Path file : files) {
                String simple = file.getFileName().toString().replace(".class", "");
                for (Method method : Class.forName(name + "." + simple).getDeclaredMethods()) {
                    if (method.isAnnotationPresent(EveryBackend.class)) {
                        names.add(method.getName());
                    }
                }
            }
        }
        return names;
    }
}
