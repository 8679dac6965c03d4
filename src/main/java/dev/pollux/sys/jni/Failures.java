package dev.pollux.sys.jni;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/** All that was tried to load the library: why it failed, and what to do about it. */
final class Failures {
    /** One attempt, both parts without a full stop; what to do may be null. */
    private record Failure(String what, String remedy) {}

    private final List<Failure> all = new ArrayList<>();

    void add(String what, String remedy) {
        all.add(new Failure(what, remedy));
    }

    /** In two lines: what was tried and why it failed, and what to do. */
    UnsatisfiedLinkError error() {
        return new UnsatisfiedLinkError(
                joined("; ", Failure::what) + "\nwhat to do: " + joined("; or ", Failure::remedy));
    }

    private String joined(String separator, Function<Failure, String> part) {
        return all.stream()
                .map(part)
                .filter(Objects::nonNull)
                .distinct()
                .collect(Collectors.joining(separator));
    }
}
