package dev.pollux.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.DefaultSelector;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** README is short and leads to every page; links, properties, tests and figures exist. */
class DocumentsTest {
    private static final Document README = Document.of(Path.of("README.md"));

    /** A page that javadoc or a comment names. */
    private static final Pattern PAGE = Pattern.compile("docs/[\\w./-]*\\w");

    private static final Pattern PROPERTY = Pattern.compile("\"(pollux\\.[a-z][a-z.]*)\"");

    /** A class of tests, or a test of it: a sentence of six words or more. */
    private static final Pattern TEST =
            Pattern.compile("\\b([A-Z]\\w*(?:Test|Contract))\\b|\\b([a-z]+(?:_[a-z0-9]+){5,})\\b");

    /** Set by the library for itself, see SystemLoad. */
    private static final Set<String> INTERNAL = Set.of("pollux.jni.class");

    @ParameterizedTest
    @MethodSource("dev.pollux.examples.Document#all")
    void every_link_leads_somewhere(Document document) {
        List<String> complaints =
                document.links().stream()
                        .map(document::complaint)
                        .filter(complaint -> !complaint.isEmpty())
                        .toList();
        assertEquals(List.of(), complaints);
    }

    @Test
    void a_link_that_leads_nowhere_is_found_out() {
        Path file = Path.of("docs", "control.md");
        var control =
                new Document(
                        file,
                        "# A, b\n[x](missing.md) [y](#a-c) [z](guide.md#none) `[c](d)` <img src=\"e.png\">");
        assertEquals(List.of("missing.md", "#a-c", "guide.md#none", "e.png"), control.links());
        assertEquals(Set.of("a-b"), control.anchors());
        for (String link : List.of("missing.md", "guide.md#none", "e.png")) {
            assertTrue(control.complaint(link).contains(link), link);
        }
        assertEquals("", control.complaint("guide.md"));
    }

    @Test
    void readme_is_short_and_leads_to_every_page() throws IOException {
        assertTrue(README.text().lines().count() <= 200, "README has more than 200 lines");
        var reached = new TreeSet<Path>();
        README.links().forEach(link -> reached.add(README.target(link)));
        var pages = new TreeSet<Path>();
        Document.pages().forEach(page -> pages.add(page.file()));
        pages.removeAll(reached);
        assertEquals(Set.of(), pages, "README leads to all pages but these");
    }

    @Test
    void the_figures_that_readme_repeats_are_those_of_the_guide() {
        String guide = Document.of(Path.of("docs", "guide.md")).text();
        List<String> rows =
                README.text()
                        .lines()
                        .filter(line -> line.matches("\\| .*\\d\\.\\d\\d \\[.*"))
                        .toList();
        assertTrue(rows.size() >= 3, "README has rows of figures");
        for (String row : rows) {
            assertTrue(guide.contains("\n" + row + "\n"), row);
        }
    }

    @Test
    void pages_that_the_sources_name_are_there() throws IOException {
        var missing = new ArrayList<String>();
        int count = 0;
        List<Path> sources = sources();
        try (Stream<Path> templates = Files.list(Path.of(".github", "ISSUE_TEMPLATE"))) {
            templates.forEach(sources::add);
        }
        for (Path source : sources) {
            var page = PAGE.matcher(Files.readString(source));
            for (; page.find(); count++) {
                if (!Files.exists(Path.of(page.group()))) {
                    missing.add(source + " names " + page.group());
                }
            }
        }
        assertEquals(List.of(), missing);
        assertTrue(count > 0, "no source names a page");
    }

    @ParameterizedTest
    @MethodSource("dev.pollux.examples.Document#all")
    void tests_that_a_page_names_are_there(Document document) throws IOException {
        assertEquals(Set.of(), missingTests(document.text()));
    }

    @Test
    void a_test_that_is_not_there_is_found_out() throws IOException {
        assertEquals(
                Set.of("NoSuchContract", "no_test_here_is_called_so"),
                missingTests(
                        "NoSuchContract, `DocumentsTest`, no_test_here_is_called_so, sys_enter"));
    }

    private static Set<String> missingTests(String text) throws IOException {
        var missing = new TreeSet<String>();
        var named = TEST.matcher(text);
        while (named.find()) {
            missing.add(named.group());
        }
        if (missing.isEmpty()) {
            return missing;
        }
        for (Path source : sources("src/test/java", "src/dropin")) {
            String code = Files.readString(source);
            missing.removeIf(
                    name -> code.contains(" " + name + " {") || code.contains(" " + name + "("));
        }
        return missing;
    }

    @Test
    void the_api_that_is_held_is_what_the_module_exports() throws IOException {
        Set<String> exported =
                DefaultSelector.class.getModule().getDescriptor().exports().stream()
                        .map(ModuleDescriptor.Exports::source)
                        .collect(Collectors.toCollection(TreeSet::new));
        var held = new TreeSet<String>();
        var include =
                Pattern.compile("<include>(dev\\.pollux[\\w.]*)</include>")
                        .matcher(Files.readString(Path.of("pom.xml")));
        while (include.find()) {
            held.add(include.group(1));
        }
        assertEquals(exported, held, "pom.xml, japicmp");
        String page = Document.of(Path.of("docs", "releases.md")).text();
        exported.removeIf(name -> page.contains("`" + name + "`"));
        assertEquals(Set.of(), exported, "docs/releases.md says what is API, but for these");
    }

    @Test
    void every_property_has_its_row() throws IOException {
        String page = Document.of(Path.of("docs", "backends.md")).text();
        var properties = new TreeSet<String>();
        for (Path source : sources()) {
            var property = PROPERTY.matcher(Files.readString(source));
            while (property.find()) {
                properties.add(property.group(1));
            }
        }
        properties.removeAll(INTERNAL);
        assertTrue(properties.contains("pollux.backend"), properties.toString());
        properties.removeIf(property -> page.contains("\n| `" + property + "` |"));
        assertEquals(Set.of(), properties, "docs/backends.md has no row for these");
    }

    private static List<Path> sources() throws IOException {
        return sources("src/main/java", "src/main/java22");
    }

    private static List<Path> sources(String... roots) throws IOException {
        var sources = new ArrayList<Path>();
        for (String root : roots) {
            try (Stream<Path> files = Files.walk(Path.of(root))) {
                files.filter(file -> file.toString().endsWith(".java"))
                        .sorted()
                        .forEach(sources::add);
            }
        }
        return sources;
    }
}
