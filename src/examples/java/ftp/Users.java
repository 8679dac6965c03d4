package ftp;

import at.favre.lib.crypto.bcrypt.BCrypt;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Who may log in: a file with a line {@code name:bcrypt hash:options} for each. Options, with
 * commas between: {@code readonly}, {@code home=DIRECTORY} (below the server's root; it is this
 * user's "/"). Empty lines and those that begin with # do not count.
 */
final class Users {
    /** One line. */
    record User(String name, String hash, boolean readOnly, String home) {
        static final User ANONYMOUS = new User("anonymous", "", true, "/");
    }

    static final int DEFAULT_COST = 10; // 2^10 rounds: some 60 ms

    private static final int LONGEST = 71; // bytes of a password: bcrypt looks at no more

    /** {@code $2a$10$} and what follows: its kind, its cost from 4 to 31, salt and hash. */
    private static final Pattern BCRYPT =
            Pattern.compile("\\$2[aby]\\$(0[4-9]|[12][0-9]|3[01])\\$[./A-Za-z0-9]{53}");

    private final Map<String, User> users = new HashMap<>();
    private final int highest; // cost
    private final byte[] nobody; // a hash of that cost

    Users(List<String> lines) throws IOException {
        for (String line : lines) {
            if (!line.isBlank() && !line.startsWith("#")) {
                User user = parse(line);
                users.put(user.name, user);
            }
        }
        highest = users.values().stream().mapToInt(user -> cost(user.hash)).max().orElse(4);
        nobody = hash(highest, "nobody".getBytes(StandardCharsets.UTF_8));
    }

    static Users load(Path file) throws IOException {
        try {
            return new Users(Files.readAllLines(file));
        } catch (NoSuchFileException e) {
            throw new IOException("there is no user file " + file, e);
        } catch (CharacterCodingException e) {
            throw new IOException("user file: not UTF-8: " + file, e);
        }
    }

    private static User parse(String line) throws IOException {
        String[] parts = line.split(":", 3);
        if (parts.length < 2 || !BCRYPT.matcher(parts[1]).matches()) {
            throw new IOException("user file: no \"name:bcrypt hash:options\": " + parts[0]);
        }
        boolean readOnly = false;
        String home = "/";
        for (String option : parts.length < 3 ? new String[0] : parts[2].strip().split(",")) {
            if (option.equals("readonly")) {
                readOnly = true;
            } else if (option.startsWith("home=")) {
                home = option.substring("home=".length());
            } else if (!option.isEmpty()) {
                throw new IOException("user file: no such option: " + option);
            }
        }
        return new User(parts[0], parts[1], readOnly, home);
    }

    private static int cost(String hash) {
        return Integer.parseInt(hash.substring(4, 6));
    }

    private static byte[] hash(int cost, byte[] password) {
        return BCrypt.withDefaults().hash(cost, password);
    }

    /**
     * The user, or null. Takes its time; null takes the same for whatever name: that of a hash of
     * the highest cost. Any thread.
     */
    User check(String name, String password) {
        User user = users.get(name);
        byte[] hash = user == null ? nobody : user.hash.getBytes(StandardCharsets.US_ASCII);
        byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
        boolean fits = bytes.length <= LONGEST;
        byte[] tried = fits ? bytes : Arrays.copyOf(bytes, LONGEST);
        boolean right = BCrypt.verifyer().verify(tried, hash).verified;
        if (right && fits && user != null) {
            return user;
        }
        if (user != null) { // each cost doubles the time: 2^n + 2^n + 2^(n+1) + ... = 2^highest
            for (int cost = cost(user.hash); cost < highest; cost++) {
                hash(cost, tried);
            }
        }
        return null;
    }

    /** Adds a user to a file, or gives one that is in it another line. */
    static void add(Path file, String name, char[] password, int cost, String options)
            throws IOException {
        if (!name.matches("[^:#\\s\\p{Cntrl}][^:\\p{Cntrl}]*")) {
            throw new IOException("a name without colons, and not empty: " + name);
        }
        byte[] bytes = new String(password).getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length > LONGEST) {
            throw new IOException("a password has 1 to " + LONGEST + " bytes");
        }
        byte[] hash = hash(cost, bytes);
        String line = name + ":" + new String(hash, StandardCharsets.US_ASCII) + ":" + options;
        parse(line);
        var lines = new ArrayList<String>();
        if (Files.exists(file)) {
            lines.addAll(Files.readAllLines(file));
            lines.removeIf(other -> other.startsWith(name + ":"));
        }
        lines.add(line);
        Path fresh = Files.createTempFile(file.toAbsolutePath().getParent(), ".users", ".new");
        if (fresh.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
        }
        Files.write(fresh, lines);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
