package dev.pollux.examples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A page in Markdown: README, its neighbours, and those in {@code docs}. */
record Document(Path file, String text) {
    private static final Path DOCS = Path.of("docs");

    /** {@code [text](target)} and {@code ![text](target)}, or of HTML. */
    private static final Pattern LINK =
            Pattern.compile("(?:\\]\\(|(?:src|srcset|href)=\")([^)\"\\s]+)[)\"]");

    private static final Pattern CODE = Pattern.compile("(?s)```.*?```|`[^`\\n]*`");
    private static final Pattern INDENTED = Pattern.compile("(?m)^ {4}.*$");
    private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} +(.*?) *$");

    static Document of(Path file) {
        try {
            return new Document(file, Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Document> all() throws IOException {
        var files = new ArrayList<Path>();
        for (Path directory : List.of(Path.of(""), DOCS)) {
            int depth = directory.equals(DOCS) ? Integer.MAX_VALUE : 1;
            try (Stream<Path> found = Files.walk(directory, depth)) {
                found.filter(file -> file.toString().endsWith(".md")).sorted().forEach(files::add);
            }
        }
        return files.stream().map(Document::of).toList();
    }

    /** Those that README has to lead to. */
    static List<Document> pages() throws IOException {
        return all().stream().filter(document -> DOCS.equals(document.file.getParent())).toList();
    }

    boolean is(String name) {
        return file.equals(Path.of(name));
    }

    /** What its links name, as they stand there; none of code. */
    List<String> links() {
        String prose = INDENTED.matcher(CODE.matcher(text).replaceAll("")).replaceAll("");
        return LINK.matcher(prose).results().map(link -> link.group(1)).toList();
    }

    /** The file that a link leads to. */
    Path target(String link) {
        String path = link.replaceFirst("#.*", "");
        return path.isEmpty() ? file : file.resolveSibling(path).normalize();
    }

    /** What is wrong with a link to a place in the repository; empty if it leads somewhere. */
    String complaint(String link) {
        if (link.matches("[a-z]+:.*")) {
            return "";
        }
        Path target = target(link);
        if (!Files.exists(target)) {
            return file + ": there is no " + link;
        }
        int anchor = link.indexOf('#');
        if (anchor >= 0
                && target.toString().endsWith(".md")
                && !of(target).anchors().contains(link.substring(anchor + 1))) {
            return file + ": no heading for " + link;
        }
        return "";
    }

    /** Where a link may lead within it: the headings, as the hosts of repositories write them. */
    Set<String> anchors() {
        var anchors = new HashSet<String>();
        Map<String, Integer> seen = new HashMap<>();
        var heading =
                HEADING.matcher(Pattern.compile("(?s)```.*?```").matcher(text).replaceAll(""));
        while (heading.find()) {
            String name =
                    heading.group(1)
                            .replaceAll("\\]\\([^)]*\\)", "")
                            .toLowerCase(Locale.ROOT)
                            .replaceAll("[^\\p{L}\\p{N} _-]", "")
                            .replace(' ', '-');
            int times = seen.merge(name, 1, Integer::sum);
            anchors.add(times == 1 ? name : name + "-" + (times - 1));
        }
        return anchors;
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
