package dev.pollux.sys;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Says that a JVM of JDK 24 or later refused native code (JEP 472), and what allows it. Who is
 * refused is not always us: jffi is a module of its own.
 */
final class NativeAccess {
    /** As {@link IllegalCallerException} says it, whoever wraps it. */
    private static final Pattern REFUSED =
            Pattern.compile("Illegal native access from:? (?:an unnamed )?module ?(\\S*)[^\n]*");

    private NativeAccess() {}

    /** Why a binding failed: what was thrown, without a trace, which jffi puts into its message. */
    static String reason(Throwable cause) {
        String message =
                cause instanceof UnsatisfiedLinkError && cause.getMessage() != null
                        ? cause.getMessage()
                        : cause.toString();
        Matcher refused = REFUSED.matcher(message);
        if (refused.find()) {
            return message.contains("what to do: ")
                    ? message
                    : refused.group() + ": start the JVM with " + option(refused);
        }
        return message.lines()
                .filter(line -> !line.isBlank() && !line.startsWith("\t"))
                .collect(Collectors.joining("\n"));
    }

    private static String option(Matcher refused) {
        boolean unnamed = refused.group().contains("unnamed");
        return "--enable-native-access=" + (unnamed ? "ALL-UNNAMED" : refused.group(1));
    }
}
