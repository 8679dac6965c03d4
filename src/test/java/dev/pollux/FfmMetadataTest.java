package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.support.Child;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

/** What a GraalVM native image has to know of the FFM binding, held to its sources. */
class FfmMetadataTest {
    private static final String FILE =
            "/META-INF/native-image/dev.pollux/pollux-ffm/reachability-metadata.json";

    private static final Path SOURCES = Path.of("src/main/java22/dev/pollux/sys/ffm");

    private static JSONObject metadata() throws IOException {
        try (InputStream in = FdSelector.class.getResourceAsStream(FILE)) {
            assertNotNull(in, FILE);
            return new JSONObject(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    private static String source(String type) throws IOException {
        return Files.readString(SOURCES.resolve(type + ".java"));
    }

    private static long count(String text, String pattern) {
        return Pattern.compile(pattern).matcher(text).results().count();
    }

    /** Each stub is made in Downcalls, of one signature; the variadic one is fcntl's. */
    @Test
    void the_downcalls_are_those_that_the_sources_link() throws IOException {
        String downcalls = source("Downcalls");
        Matcher signature =
                Pattern.compile("FunctionDescriptor\\.of\\(([^;]*)\\);").matcher(downcalls);
        assertTrue(signature.find());
        int longs = (int) count(signature.group(1), "ValueLayout\\.JAVA_LONG");
        assertEquals(longs, count(signature.group(1), "ValueLayout\\."), "longs alone");
        assertEquals(2, count(downcalls, "downcallHandle\\("));
        assertEquals(2, count(downcalls, "downcallHandle\\(function, SIX, ERRNO"));
        Matcher variadic = Pattern.compile("variadic\\(\"\\w+\", (\\d)\\)").matcher(source("Libc"));
        assertTrue(variadic.find());
        var options = new HashMap<String, Object>(Map.of("captureCallState", true));
        Map<String, Object> plain = call(longs, new HashMap<>(options));
        options.put("firstVariadicArg", Integer.valueOf(variadic.group(1)));
        assertEquals(
                List.of(plain, call(longs, options)),
                metadata().getJSONObject("foreign").getJSONArray("downcalls").toList());
        try (var files = Files.list(SOURCES)) {
            for (Path file : files.toList()) {
                boolean links = Files.readString(file).contains("downcallHandle(");
                assertEquals(file.endsWith("Downcalls.java"), links, file.toString());
            }
        }
    }

    private static Map<String, Object> call(int longs, Map<String, Object> options) {
        return Map.of(
                "returnType",
                "jlong",
                "parameterTypes",
                Collections.nCopies(longs - 1, "jlong"),
                "options",
                options);
    }

    @Test
    void what_jni_is_asked_for_is_named() throws IOException {
        var named = new TreeSet<String>();
        for (Object each : metadata().getJSONArray("reflection")) {
            var type = (JSONObject) each;
            if (type.optBoolean("jniAccessible")) {
                named.add(type.getString("type"));
            }
        }
        var asked = new TreeSet<String>();
        for (String file : List.of("JniTable", "TrustedLookup")) {
            Matcher names = Pattern.compile("\"(java/lang/[\\w/$]+)\"").matcher(source(file));
            names.results().forEach(name -> asked.add(name.group(1).replace('/', '.')));
        }
        asked.add("dev.pollux.sys.ffm.TrustedLookup$Asking"); // its field is written
        assertEquals(asked, named);
    }

    @Test
    void what_it_names_is_there() throws Exception {
        assumeTrue(Child.hasFfm(), "the FFM binding is of JDK 22 and later");
        var seen = new TreeSet<String>();
        for (Object each : metadata().getJSONArray("reflection")) {
            var type = (JSONObject) each;
            Class<?> there = Class.forName(type.getString("type"));
            for (Object field : list(type, "fields")) {
                there.getDeclaredField(((JSONObject) field).getString("name"));
            }
            for (Object method : list(type, "methods")) {
                String name = ((JSONObject) method).getString("name");
                if (name.equals("<init>")) {
                    there.getDeclaredConstructor();
                } else {
                    there.getDeclaredMethod(name);
                }
            }
            seen.add(there.getSimpleName());
        }
        assertEquals(Set.of("Asking", "FfmSyscalls", "Lookup", "SelChImpl", "Thread"), seen);
    }

    private static Iterable<Object> list(JSONObject type, String name) {
        return type.has(name) ? type.getJSONArray(name) : List.of();
    }
}
