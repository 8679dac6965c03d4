package ftp;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A command as it came: its verb, and what follows after one blank. */
record Command(Verb verb, String argument) {
    private static final Map<String, Verb> VERBS =
            Arrays.stream(Verb.values()).collect(Collectors.toMap(Verb::name, verb -> verb));

    /** What clients said before RFC 959 gave it the names of today (RFC 775, RFC 1123 4.1.3.1). */
    private static final Map<String, Verb> OLD_NAMES =
            Map.of(
                    "XPWD", Verb.PWD,
                    "XCWD", Verb.CWD,
                    "XCUP", Verb.CDUP,
                    "XMKD", Verb.MKD,
                    "XRMD", Verb.RMD);

    /** What the server knows. */
    enum Verb {
        USER(Who.ANYBODY, true),
        PASS(Who.ANYBODY, false),
        QUIT(Who.ANYBODY, false),
        FEAT(Who.ANYBODY, false),
        OPTS(Who.ANYBODY, true),
        HELP(Who.ANYBODY, false),
        NOOP(Who.ANYBODY, false),
        SYST(Who.ANYBODY, false),
        ABOR(Who.USER, false),
        STAT(Who.USER, false),
        TYPE(Who.USER, true),
        MODE(Who.USER, true),
        STRU(Who.USER, true),
        ALLO(Who.USER, true),
        PASV(Who.USER, false),
        EPSV(Who.USER, false),
        PORT(Who.USER, true),
        EPRT(Who.USER, true),
        PWD(Who.USER, false),
        CWD(Who.USER, true),
        CDUP(Who.USER, false),
        SIZE(Who.USER, true),
        MDTM(Who.USER, true),
        MLST(Who.USER, false),
        LIST(Who.USER, false),
        NLST(Who.USER, false),
        MLSD(Who.USER, false),
        REST(Who.USER, true),
        RETR(Who.USER, true),
        STOR(Who.WRITER, true),
        APPE(Who.WRITER, true),
        DELE(Who.WRITER, true),
        MKD(Who.WRITER, true),
        RMD(Who.WRITER, true),
        RNFR(Who.WRITER, true),
        RNTO(Who.WRITER, true);

        final Who who;
        final boolean needsArgument;

        Verb(Who who, boolean needsArgument) {
            this.who = who;
            this.needsArgument = needsArgument;
        }
    }

    /** Whom the server obeys. */
    enum Who {
        ANYBODY,
        USER,
        WRITER
    }

    /** The verb is null if nobody knows it. */
    static Command parse(String line) {
        int blank = line.indexOf(' ');
        String word = blank < 0 ? line : line.substring(0, blank);
        String argument = blank < 0 ? "" : line.substring(blank + 1);
        String name = word.toUpperCase(Locale.ROOT);
        Verb verb = VERBS.get(name);
        return new Command(verb != null ? verb : OLD_NAMES.get(name), argument);
    }

    /** Neither a control character nor what was no UTF-8. */
    static boolean isClean(String line) {
        return line.chars().noneMatch(c -> Character.isISOControl(c) || c == '\uFFFD');
    }

    static List<String> names() {
        return Stream.concat(VERBS.keySet().stream(), OLD_NAMES.keySet().stream())
                .sorted()
                .toList();
    }
}
