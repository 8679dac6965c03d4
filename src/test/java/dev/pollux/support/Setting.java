package dev.pollux.support;

/** A system property that a test sets; closed, it is again what it was. */
public final class Setting implements AutoCloseable {
    private final String name;
    private final String before; // null: it was not set

    public Setting(String name) {
        this.name = name;
        before = System.getProperty(name);
    }

    public void set(String value) {
        System.setProperty(name, value);
    }

    public void clear() {
        System.clearProperty(name);
    }

    @Override
    public void close() {
        if (before == null) {
            clear();
        } else {
            set(before);
        }
    }
}
