package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

/**
 * What a GraalVM native image has to know of this library: all that the C code looks up by name,
 * the native libraries, and nothing else.
 *
 * <p>Classes and members are written {@code java.nio.Buffer}, {@code java.nio.Buffer.address},
 * {@code java.lang.System.getProperty(java.lang.String)}.
 */
class ReachabilityMetadataTest {
    private static final String FOLDER = "/META-INF/native-image/dev.pollux/pollux/";

    /** What it is assigned to, the function, its arguments after env. */
    private static final Pattern LOOKUP =
            Pattern.compile(
                    "(?:(\\w+)\\s*=\\s*)?(?:\\(\\*env\\)\\s*->\\s*)?"
                            + "(boot_class|FindClass|Get(?:Static)?(?:Method|Field)ID)"
                            + "\\(\\s*env,(.*?)\\);",
                    Pattern.DOTALL);

    /** It is Class.forName of Java. */
    private static final String BOOT_CLASS = "boot_class";

    private static final Pattern ARGUMENT = Pattern.compile("\\s*(?:\"([^\"]*)\"|(\\w+))\\s*,?");

    /** FindClass(env, name) finds the class that the loader names: {@link #DECLARING}. */
    private static final String NAMED_BY_THE_LOADER = "name";

    private static final String DECLARING = "dev.pollux.sys.jni.JniSyscalls";

    // ---- classes and members

    @Test
    void it_names_what_the_c_code_looks_up_and_nothing_else() throws IOException {
        var expected = new TreeSet<String>();
        try (Stream<Path> files = Files.list(Path.of("native"))) {
            for (Path file : files.filter(each -> each.toString().endsWith(".c")).toList()) {
                expected.addAll(lookedUp(Files.readString(file)));
            }
        }
        assertTrue(expected.contains(DECLARING), expected.toString());
        expected.add(DECLARING + ".<init>()"); // Bindings looks it up
        assertEquals(expected, named(reachable()));
    }

    @Test
    void lookups_in_c_are_recognized() {
        assertEquals(
                Set.of("a.B", "a.B.c", "a.B.d(java.lang.String,int[])"),
                lookedUp(
                        """
                        jclass b = (*env)->FindClass(env, "a/B");
                        field = (*env)->GetFieldID(env, b, "c", "J");
                        jmethodID get =
                            (*env)->GetStaticMethodID(env, b,
                                                      "d", "(Ljava/lang/String;[I)V");
                        """));
    }

    @Test
    void what_it_names_is_there() throws Exception {
        var there = new TreeSet<String>();
        for (JSONObject type : reachable()) {
            there.addAll(membersOf(Class.forName(type.getString("type"))));
        }
        var missing = named(reachable());
        missing.removeAll(there);
        assertEquals(Set.of(), missing);
    }

    @Test
    void it_allows_jni_to_each() throws IOException {
        for (JSONObject type : reachable()) {
            assertTrue(type.getBoolean("jniAccessible"), type.toString());
        }
    }

    @Test
    void the_older_file_says_the_same() throws IOException {
        List<JSONObject> older = objects(new JSONArray(read("jni-config.json")));
        for (JSONObject type : older) {
            type.put("type", type.remove("name"));
        }
        assertEquals(named(reachable()), named(older));
        List<JSONObject> reflected = objects(new JSONArray(read("reflect-config.json")));
        reflected.forEach(type -> type.put("type", type.remove("name")));
        assertEquals(
                Set.of(DECLARING, DECLARING + ".<init>()", "sun.nio.ch.SelChImpl"),
                named(reflected));
    }

    private static Set<String> lookedUp(String c) {
        var names = new TreeSet<String>();
        var classes = new HashMap<String, String>(); // by the variable that holds it
        int recognized = 0;
        for (Matcher lookup = LOOKUP.matcher(c); lookup.find(); recognized++) {
            List<String> arguments =
                    ARGUMENT.matcher(lookup.group(3))
                            .results()
                            .map(each -> each.group(1) != null ? each.group(1) : each.group(2))
                            .toList();
            String first = arguments.get(0);
            if (lookup.group(2).equals("FindClass") || lookup.group(2).equals(BOOT_CLASS)) {
                String name =
                        first.equals(NAMED_BY_THE_LOADER) ? DECLARING : first.replace('/', '.');
                classes.put(lookup.group(1), name);
                names.add(name);
            } else {
                assertTrue(classes.containsKey(first), first + ": which class is it?");
                names.add(member(classes.get(first), arguments.get(1), arguments.get(2)));
            }
        }
        // None that the pattern overlooks: in comments they have no arguments.
        assertEquals(
                Pattern.compile("(boot_class|FindClass|Get\\w*(Method|Field)ID)\\(\\s*env,")
                        .matcher(c)
                        .results()
                        .count(),
                recognized);
        return names;
    }

    private static String member(String type, String name, String descriptor) {
        if (!descriptor.startsWith("(")) {
            return type + "." + name;
        }
        var method = MethodType.fromMethodDescriptorString(descriptor, null);
        return member(type, name, method.parameterList().stream().map(Class::getTypeName));
    }

    private static String member(String type, String name, Stream<String> parameters) {
        return type + "." + name + parameters.collect(Collectors.joining(",", "(", ")"));
    }

    private static Set<String> membersOf(Class<?> type) {
        var members = new TreeSet<String>();
        members.add(type.getName());
        for (Field field : type.getDeclaredFields()) {
            members.add(type.getName() + "." + field.getName());
        }
        for (var constructor : type.getDeclaredConstructors()) {
            var parameters = Stream.of(constructor.getParameterTypes()).map(Class::getTypeName);
            members.add(member(type.getName(), "<init>", parameters));
        }
        for (Method method : type.getDeclaredMethods()) {
            var parameters = Stream.of(method.getParameterTypes()).map(Class::getTypeName);
            members.add(member(type.getName(), method.getName(), parameters));
        }
        return members;
    }

    private static Set<String> named(List<JSONObject> types) {
        var names = new TreeSet<String>();
        for (JSONObject type : types) {
            String name = type.getString("type");
            names.add(name);
            for (JSONObject field : objects(type.optJSONArray("fields"))) {
                names.add(name + "." + field.getString("name"));
            }
            for (JSONObject method : objects(type.optJSONArray("methods"))) {
                var parameters = method.getJSONArray("parameterTypes").toList().stream();
                names.add(
                        member(name, method.getString("name"), parameters.map(String.class::cast)));
            }
        }
        return names;
    }

    // ---- resources

    @Test
    void the_native_libraries_are_included_and_no_other_resources() throws IOException {
        List<JSONObject> globs = objects(metadata().getJSONArray("resources"));
        for (JSONObject each : globs) {
            PathMatcher glob =
                    FileSystems.getDefault().getPathMatcher("glob:" + each.getString("glob"));
            assertIncludesOurs(name -> glob.matches(Path.of(name)));
        }
        List<JSONObject> patterns =
                objects(
                        new JSONObject(read("resource-config.json"))
                                .getJSONObject("resources")
                                .getJSONArray("includes"));
        assertEquals(globs.size(), patterns.size());
        for (int i = 0; i < globs.size(); i++) {
            String module = globs.get(i).optString("module");
            String pattern = patterns.get(i).getString("pattern");
            assertTrue(pattern.startsWith(module.isEmpty() ? "" : module + ":"), pattern);
            String regex = pattern.substring(pattern.indexOf(':') + 1);
            assertIncludesOurs(name -> Pattern.matches(regex, name));
        }
    }

    @Test
    void the_libraries_are_included_from_a_class_path_and_from_the_module() throws IOException {
        var modules =
                objects(metadata().getJSONArray("resources")).stream()
                        .map(each -> each.optString("module"))
                        .toList();
        assertEquals(List.of("", FdSelector.class.getModule().getName()), modules);
    }

    private static void assertIncludesOurs(Predicate<String> included) {
        for (String name : List.of("linux-x86_64/libpollux.so", "macos-aarch64/libpollux.dylib")) {
            assertTrue(included.test("META-INF/native/" + name), name);
        }
        for (String name : List.of("META-INF/native/libother.so", "META-INF/LICENSE")) {
            assertFalse(included.test(name), name);
        }
    }

    // ---- the files

    private static String read(String file) throws IOException {
        try (InputStream in = FdSelector.class.getResourceAsStream(FOLDER + file)) {
            assertNotNull(in, FOLDER + file);
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static JSONObject metadata() throws IOException {
        return new JSONObject(read("reachability-metadata.json"));
    }

    private static List<JSONObject> reachable() throws IOException {
        return objects(metadata().getJSONArray("reflection"));
    }

    private static List<JSONObject> objects(JSONArray array) {
        return array == null
                ? List.of()
                : StreamSupport.stream(array.spliterator(), false)
                        .map(JSONObject.class::cast)
                        .toList();
    }
}
