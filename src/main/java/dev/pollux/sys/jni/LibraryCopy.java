package dev.pollux.sys.jni;

import dev.pollux.sys.jni.SystemLoad.Outcome;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Loads a copy of the library, which nobody else can exchange between unpacking and loading:
 *
 * <ul>
 *   <li>from a fresh directory that only this user can enter, in a directory where nobody else can
 *       rename it; it is removed as soon as the library is loaded;
 *   <li>in directories where others could (a volume of mode 0777, one that belongs to another user)
 *       from a {@linkplain NamelessFile file that has no name};
 *   <li>where there is no place at all, from a file in memory, which takes JDK 22 or later.
 * </ul>
 *
 * <p>A directory that is named with {@code pollux.tmpdir} is taken and no other. There the copy has
 * a name if it can have none: whoever named it trusts those who may write there.
 */
final class LibraryCopy {
    /** Where to unpack. */
    static final String TEMPORARY = "pollux.tmpdir";

    static final String NAME_ANOTHER = "name another directory with -D" + TEMPORARY + "=";

    /** Its number must not become another file's while the JVM knows the library by it. */
    private static NamelessFile loaded; // guarded by NativeLibrary

    private final byte[] library;
    private final SystemLoad system;
    private final Failures failures;
    private String loadedAs;

    LibraryCopy(byte[] library, SystemLoad system, Failures failures) {
        this.library = library;
        this.system = system;
        this.failures = failures;
    }

    /** Whether it is loaded. */
    boolean load() {
        String named = System.getProperty(TEMPORARY, "");
        if (!named.isEmpty()) {
            Path place = Places.read(TEMPORARY, named, failures);
            return place != null && loadFromNamed(place.toAbsolutePath());
        }
        var shared = new ArrayList<Path>();
        for (Path place : Places.all(failures)) {
            if (loadWhereNobodyElseWrites(place, shared)) {
                return true;
            }
        }
        for (Path place : shared) {
            if (loadNameless(place)) {
                return true;
            }
        }
        return NamelessFile.ARE_POSSIBLE && loadFromMemory();
    }

    private boolean loadFromNamed(Path place) {
        var shared = new ArrayList<Path>();
        return loadWhereNobodyElseWrites(place, shared)
                || !shared.isEmpty() && (loadNameless(place) || loadNamed(place));
    }

    private boolean loadWhereNobodyElseWrites(Path place, List<Path> shared) {
        try {
            Path real = place.toRealPath();
            String why = Trust.whyExchangeable(real);
            if (why == null) {
                return loadNamed(real);
            }
            failures.add("nothing was unpacked into " + place + ": " + why, NAME_ANOTHER);
            shared.add(real);
        } catch (IOException e) {
            failures.add("cannot unpack into " + place + ": " + e, NAME_ANOTHER);
        }
        return false;
    }

    private boolean loadNamed(Path place) {
        try {
            Path directory =
                    Files.createDirectory(
                            place.resolve(Places.freshName(Places.SHORT)), Places.PRIVATE);
            Path file = directory.resolve(NativeLibrary.fileName());
            try {
                Files.write(file, library, StandardOpenOption.CREATE_NEW);
                return load(file, file.toString(), file);
            } finally {
                remove(file, directory);
            }
        } catch (IOException e) {
            failures.add("cannot unpack into " + place + ": " + e, NAME_ANOTHER);
            return false;
        }
    }

    /** What is mapped stays mapped: on every system with POSIX permissions this is at once. */
    private static void remove(Path file, Path directory) {
        try {
            Files.deleteIfExists(file);
            Files.delete(directory);
        } catch (IOException e) {
            // NFS keeps a mapped file, under another name. That is no reason to go without it.
            directory.toFile().deleteOnExit();
        }
    }

    private boolean loadNameless(Path place) {
        if (!NamelessFile.ARE_POSSIBLE) {
            return false;
        }
        try {
            return load(NamelessFile.in(place), "a file without a name in " + place, place);
        } catch (IOException e) {
            failures.add("cannot make a file without a name in " + place + ": " + e, NAME_ANOTHER);
            return false;
        }
    }

    private boolean loadFromMemory() {
        if (Runtime.version().feature() < MemoryFile.FIRST_JDK) {
            failures.add("cannot make a file in memory before JDK " + MemoryFile.FIRST_JDK, null);
            return false;
        }
        try {
            return load(MemoryFile.make(), "a file in memory", null);
        } catch (IOException | ReflectiveOperationException e) {
            Throwable cause = e instanceof InvocationTargetException ? e.getCause() : e;
            failures.add("cannot make a file in memory: " + cause, null);
            return false;
        }
    }

    private boolean load(NamelessFile file, String described, Path place) throws IOException {
        try {
            file.write(library);
            if (load(file.path(), described, place)) {
                loaded = file;
                return true;
            }
            return false;
        } finally {
            if (loaded != file) {
                file.close();
            }
        }
    }

    private boolean load(Path file, String described, Path place) {
        loadedAs = described;
        return system.load(file, described, place, remedy()) == Outcome.LOADED;
    }

    /** For people: the file that was tried last. */
    String loadedAs() {
        return loadedAs;
    }

    private static String remedy() {
        return "if the file system is mounted noexec, "
                + NAME_ANOTHER
                + "; if the library is for another system, "
                + NativeLibrary.BUILD;
    }
}
