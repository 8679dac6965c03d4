package dev.pollux.loader;

import dev.pollux.support.Child;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;

/**
 * Copies of classes, as they are or as a shading tool would make them: under other names. The new
 * name is as long as the old one, so that the bytes of a class file can be replaced one for one.
 */
final class Relocated {
    private static final String FROM = "dev/pollux";
    private static final String TO = "org/shaded";

    private Relocated() {}

    /** The name of a class of ours there. */
    static String name(Class<?> ours) {
        return dots(TO) + ours.getName().substring(FROM.length());
    }

    /** The library and what a child runs under their new names. */
    static void into(Path target) throws IOException {
        copy(Child.classes(), target, path -> true, true);
        copy(Child.testClasses(), target, Relocated::isProbe, true);
    }

    /** The library and what a child runs as they are, with or without the native library. */
    static void plainlyInto(Path target, boolean withLibrary) throws IOException {
        copy(Child.classes(), target, path -> withLibrary || !path.startsWith("META-INF"), false);
        copy(Child.testClasses(), target, Relocated::isProbe, false);
    }

    private static boolean isProbe(Path path) {
        String name = path.getFileName().toString();
        return path.startsWith(FROM)
                && (name.startsWith("Probe") || name.startsWith("LoadingMessagesTest"));
    }

    private static void copy(Path from, Path to, Predicate<Path> wanted, boolean rename)
            throws IOException {
        try (var files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path path = from.relativize(file);
                if (Files.isDirectory(file) || !wanted.test(path) || isDescriptor(path)) {
                    continue;
                }
                byte[] bytes = Files.readAllBytes(file);
                String name = path.toString();
                if (rename && name.endsWith(".class")) {
                    bytes = replace(replace(bytes, FROM, TO), dots(FROM), dots(TO));
                    name = name.replace(FROM, TO);
                }
                Path copy = to.resolve(name);
                Files.createDirectories(copy.getParent());
                Files.write(copy, bytes);
            }
        }
    }

    private static boolean isDescriptor(Path path) {
        return path.endsWith("module-info.class");
    }

    private static String dots(String name) {
        return name.replace('/', '.');
    }

    private static byte[] replace(byte[] bytes, String from, String to) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        return text.replace(from, to).getBytes(StandardCharsets.ISO_8859_1);
    }
}
