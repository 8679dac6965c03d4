package ftp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;

/**
 * What is in a directory, as text. It is read entry by entry while it is sent, in the order in
 * which the file system has them: so a directory of a million files needs no more memory than any
 * other.
 */
final class Listing implements DataSender.Source {
    /** How a line looks. */
    enum Format {
        /** As {@code ls -l}: nothing says so, but every client reads that. */
        LIST,
        /** The name alone. */
        NLST,
        /** RFC 3659: for machines. */
        MLSD
    }

    /** What MLSD and MLST tell of a file. */
    static final List<String> FACTS = List.of("type", "size", "modify", "perm");

    private static final int ENTRIES_A_BLOCK = 200; // each is a system call or two
    private static final int LONGEST = 8192; // bytes of a line: a command's, and a name of 255

    private static final DateTimeFormatter FACT =
            DateTimeFormatter.ofPattern("yyyyMMddHHmmss").withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter RECENT =
            DateTimeFormatter.ofPattern("MMM dd HH:mm", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter OLD =
            DateTimeFormatter.ofPattern("MMM dd  yyyy", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final long HALF_A_YEAR = 180 * 86_400L; // seconds

    private final Format format;
    private final Session session;
    private final DirectoryStream<Path> directory; // null for a single file
    private final Iterator<Path> entries;
    private final Wildcard wanted;
    private final String before; // a name: what the client put before the wildcard

    private Listing(
            Format format,
            Session session,
            DirectoryStream<Path> directory,
            List<Path> file,
            Wildcard wanted,
            String before) {
        this.format = format;
        this.session = session;
        this.directory = directory;
        this.entries = directory == null ? file.iterator() : directory.iterator();
        this.wanted = wanted;
        this.before = before;
    }

    /** Of what is in a directory, or of a single file. */
    static Listing of(Path real, Format format, Session session) throws IOException {
        if (Files.isDirectory(real, LinkOption.NOFOLLOW_LINKS)) {
            return new Listing(format, session, all(real), null, null, "");
        }
        if (format == Format.MLSD) {
            throw new Jail.Refused("not a directory");
        }
        return new Listing(format, session, null, List.of(real), null, "");
    }

    /**
     * Of what a wildcard means in a directory. A name is sent as the client can ask for it, with
     * what it put {@code before} the wildcard.
     */
    static Listing matching(
            Path directory, Wildcard wanted, String before, Format format, Session session)
            throws IOException {
        return new Listing(format, session, all(directory), null, wanted, before);
    }

    private static DirectoryStream<Path> all(Path directory) throws IOException {
        return Files.newDirectoryStream(
                directory, path -> !Jail.isHidden(path.getFileName().toString()));
    }

    @Override
    public boolean fill(ByteBuffer buffer) throws IOException {
        try {
            for (int i = 0; i < ENTRIES_A_BLOCK && buffer.remaining() >= LONGEST; i++) {
                if (!entries.hasNext()) {
                    return false;
                }
                String line = line(entries.next());
                if (line != null) {
                    buffer.put((line + "\r\n").getBytes(StandardCharsets.UTF_8));
                }
            }
            return true;
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    private String line(Path path) {
        String name = printable(path.getFileName().toString());
        if (wanted != null && !wanted.matches(path.getFileName().toString())) {
            return null;
        }
        if (format == Format.NLST) {
            return before + name;
        }
        BasicFileAttributes attributes;
        try {
            attributes =
                    Files.readAttributes(
                            path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            return null; // gone since
        }
        return format == Format.LIST
                ? longLine(attributes, name)
                : facts(attributes, session) + " " + name;
    }

    /** {@code drwxr-xr-x 1 ftp ftp 4096 Jan 01 12:00 name}. */
    private static String longLine(BasicFileAttributes attributes, String name) {
        Instant time = attributes.lastModifiedTime().toInstant();
        long age = Instant.now().getEpochSecond() - time.getEpochSecond();
        boolean recent = age >= 0 && age < HALF_A_YEAR;
        return (attributes.isDirectory()
                        ? "drwxr-xr-x"
                        : attributes.isSymbolicLink() ? "lrwxrwxrwx" : "-rw-r--r--")
                + String.format(Locale.ROOT, " 1 ftp ftp %12d ", attributes.size())
                + (recent ? RECENT : OLD).format(time)
                + " "
                + name;
    }

    /** {@code type=file;size=4711;modify=20260101120000;perm=adfrw;}: RFC 3659 7.5. */
    static String facts(BasicFileAttributes attributes, Session session) {
        boolean writable = !session.user().readOnly();
        var line = new StringBuilder();
        for (String fact : session.facts) {
            String value =
                    switch (fact) {
                        case "type" -> type(attributes);
                        case "size" -> attributes.isRegularFile() ? "" + attributes.size() : null;
                        case "modify" -> time(attributes.lastModifiedTime().toInstant());
                        default -> perm(attributes, writable);
                    };
            if (value != null) {
                line.append(fact).append('=').append(value).append(';');
            }
        }
        return line.toString();
    }

    private static String type(BasicFileAttributes attributes) {
        return attributes.isDirectory()
                ? "dir"
                : attributes.isRegularFile()
                        ? "file"
                        : attributes.isSymbolicLink() ? "OS.unix=slink" : "OS.unix=other";
    }

    /** What may be done with it: list, enter, read, write and so on. */
    private static String perm(BasicFileAttributes attributes, boolean writable) {
        if (attributes.isDirectory()) {
            return writable ? "cdeflmp" : "el";
        }
        return writable ? "adfrw" : "r";
    }

    /** {@code 20260101120000}: RFC 3659 2.3. */
    static String time(Instant time) {
        return FACT.format(time);
    }

    /** The same the other way round; null if it is none. */
    static Instant parseTime(String text) {
        try {
            return FACT.parse(text.substring(0, Math.min(14, text.length())), Instant::from);
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    /** A name with a line feed would look like two. */
    static String printable(String name) {
        return name.codePoints().anyMatch(Character::isISOControl)
                ? name.replaceAll("\\p{Cntrl}", "?")
                : name;
    }

    @Override
    public void close() throws IOException {
        if (directory != null) {
            directory.close();
        }
    }
}
