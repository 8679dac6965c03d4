package dev.pollux.driver;

import java.util.Arrays;

/**
 * What a driver has registered, by the descriptor's number: token, interest, trigger, and which
 * file the number was at that time, by device and inode. Used under a lock of the driver's.
 */
class DescriptorTable {
    private static final long NONE = -1;

    private long[] tokens = {};
    private short[] wants = {}; // trigger << 8 | interest
    private long[] devices = {};
    private long[] inodes = {};
    private boolean[] nameless = {}; // pipes that have neither
    private int count;

    /** Makes room for this number. */
    void reserve(int fd) {
        int old = tokens.length;
        if (fd >= old) {
            int length = Math.max(fd + 1, Math.max(64, old * 2));
            wants = Arrays.copyOf(wants, length);
            devices = Arrays.copyOf(devices, length);
            inodes = Arrays.copyOf(inodes, length);
            nameless = Arrays.copyOf(nameless, length);
            long[] more = Arrays.copyOf(tokens, length);
            Arrays.fill(more, old, length, NONE);
            tokens = more; // last: its length says how much room there is
        }
    }

    /** How many are registered. */
    final int count() {
        return count;
    }

    /** More than any number that is registered. */
    final int end() {
        return tokens.length;
    }

    final boolean isRegistered(int fd) {
        return token(fd) != NONE;
    }

    /** The token; -1, which is none, if the number is not registered. */
    final long token(int fd) {
        return fd < tokens.length ? tokens[fd] : NONE;
    }

    final int interest(int fd) {
        return wants[fd] & 0xff;
    }

    final int trigger(int fd) {
        return wants[fd] >> 8;
    }

    /** Registers what {@code kind} has looked at; there is room. */
    final void register(int fd, long token, FileKind kind) {
        count += isRegistered(fd) ? 0 : 1;
        tokens[fd] = token;
        devices[fd] = kind.device();
        inodes[fd] = kind.inode();
        nameless[fd] = kind.isNamelessPipe();
    }

    /** What {@link FileKind#isNamelessPipe} said of what is registered. */
    final boolean isNamelessPipe(int fd) {
        return nameless[fd];
    }

    final void want(int fd, int interest, int trigger) {
        wants[fd] = (short) (trigger << 8 | interest);
    }

    void remove(int fd) {
        count -= isRegistered(fd) ? 1 : 0;
        tokens[fd] = NONE;
    }

    /** Whether {@code kind}, which has looked at the number, saw the file that was registered. */
    final boolean isSameFile(int fd, FileKind kind) {
        return devices[fd] == kind.device() && inodes[fd] == kind.inode();
    }
}
