package dev.pollux.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PolluxException;
import dev.pollux.Trigger;
import dev.pollux.support.Capability;
import dev.pollux.support.Child;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Intercepted;
import dev.pollux.support.Ledger;
import dev.pollux.support.LocalOnly;
import dev.pollux.support.Poller;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.NativeMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * The chapter "Resources", of memory outside the heap: a selector that is closed, or whose opening
 * failed, has freed all of it.
 */
@LocalOnly("memory is this process's")
class MemoryContract {
    /** More than the buffers of every driver hold at first. */
    private static final int MANY = 600;

    // ---- freed

    @EveryBackend
    void a_selector_that_was_in_use_frees_all_that_it_had(Pair pair) throws IOException {
        var ledger = new Ledger(pair.sys());
        int atFirst;
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), ledger)) {
            atFirst = ledger.allocations();
            assertTrue(!ledger.held().isEmpty(), "the control");
            use(selector, fds);
        }
        assertEquals(Map.of(), ledger.held());
        assertTrue(ledger.allocations() > atFirst, "nothing has grown");
    }

    @EveryBackend
    void memory_that_is_not_there_when_a_buffer_grows_harms_nothing(Pair pair) throws IOException {
        var whole = new Ledger(pair.sys());
        int atFirst;
        try (var fds = new Fds();
                FdSelector selector = Internals.open(pair.backend(), whole)) {
            atFirst = whole.allocations();
            use(selector, fds);
        }
        for (int failing = atFirst; failing < whole.allocations(); failing++) {
            var ledger = new Ledger(pair.sys());
            ledger.fail(failing);
            try (var fds = new Fds();
                    FdSelector selector = Internals.open(pair.backend(), ledger)) {
                assertEquals(1, use(selector, fds), "failures at allocation " + failing);
            }
            assertEquals(Map.of(), ledger.held(), "after a failure of allocation " + failing);
        }
    }

    /** Lets all buffers grow; repeats what finds no memory, and says how often that was. */
    private static int use(FdSelector selector, Fds fds) throws IOException {
        var failures = new AtomicInteger();
        var keys = new ArrayList<FdKey>();
        for (int i = 0; i < MANY; i++) {
            int[] pair = fds.socketpair(); // one each: epolls that watch one file are limited
            Fds.write(pair[1], 1);
            int fd = pair[0];
            keys.add(
                    repeated(
                            failures,
                            () -> selector.register(fd, Interest.READ, Trigger.LEVEL, null)));
        }
        for (int round = 0; round < 3; round++) {
            var reported = new java.util.HashSet<FdKey>();
            while (reported.size() < MANY) {
                repeated(failures, () -> selector.poll((key, ready) -> reported.add(key)));
            }
            for (FdKey key : keys) {
                repeated(
                        failures,
                        () -> {
                            selector.modify(key, round(key));
                            return null;
                        });
            }
        }
        return failures.get();
    }

    private static Interest round(FdKey key) {
        return key.interest() == Interest.READ ? Interest.READ.plus(Interest.WRITE) : Interest.READ;
    }

    private static <T> T repeated(AtomicInteger failures, Poller.Body<T> step) throws IOException {
        try {
            try {
                return step.call();
            } catch (OutOfMemoryError e) {
                assertTrue(e.getMessage().contains("outside the heap"), e.getMessage());
                failures.incrementAndGet();
                return step.call();
            }
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @EveryBackend
    void an_opening_that_fails_at_any_call_frees_all(Pair pair) throws IOException {
        int rc = -pair.sys().errno().EMFILE;
        var ledger = new Ledger(pair.sys());
        boolean failing = true;
        for (int call = 0; failing; call++) {
            var calls = new Intercepted(ledger);
            var left = new AtomicInteger(call);
            calls.take(
                    (name, arguments, real) ->
                            !name.equals("close") && left.getAndDecrement() == 0
                                    ? rc
                                    : real.make());
            try (FdSelector selector = Internals.open(pair.backend(), calls.sys)) {
                failing = false;
                assertTrue(call > 0, selector + " needs a call at least");
            } catch (PolluxException.LimitReached e) {
                assertEquals(-rc, e.errno());
            }
            assertEquals(Map.of(), ledger.held(), "after a failure of call " + call);
        }
    }

    @EveryBackend
    void an_opening_that_finds_no_memory_leaves_nothing(Pair pair) throws IOException {
        Capability.RELEASES_AT_ONCE.require();
        Set<Integer> before = Fds.openNow();
        boolean failing = true;
        for (int allocation = 0; failing; allocation++) {
            var ledger = new Ledger(pair.sys());
            ledger.fail(allocation);
            try (FdSelector selector = Internals.open(pair.backend(), ledger)) {
                failing = false;
                assertTrue(allocation > 0, selector + " needs memory");
            } catch (OutOfMemoryError e) {
                assertTrue(e.getMessage().contains("outside the heap"), e.getMessage());
            }
            assertEquals(Map.of(), ledger.held(), "after a failure of allocation " + allocation);
            assertEquals(before, Fds.openNow(), "after a failure of allocation " + allocation);
        }
    }

    @EveryBackend
    void selectors_that_are_opened_and_closed_need_no_collection(Pair pair) throws IOException {
        Capability.IN_A_CHILD.require();
        Host.requireLinux("how much memory is resident");
        assumeTrue(System.getenv("ASAN_OPTIONS") == null, "AddressSanitizer keeps what is freed");
        Child.here()
                .withAllElse()
                .withProperties()
                .property(Bindings.PROPERTY, pair.binding())
                .option("-XX:+DisableExplicitGC")
                .option("-XX:MaxDirectMemorySize=64m")
                .option("-XX:+UnlockExperimentalVMOptions")
                .option("-XX:+UseEpsilonGC") // never collects
                .option("-Xms512m")
                .option("-Xmx512m")
                .option("-XX:+AlwaysPreTouch") // the heap is resident from the beginning
                .run(OpenAndClose.class, pair.backend().name(), "20000")
                .ok();
    }

    /** Opens, polls and closes so often as the second argument says. */
    static final class OpenAndClose {
        private static final long TOLERATED = 24 << 20; // what the JVM itself takes meanwhile

        private OpenAndClose() {}

        public static void main(String[] arguments) throws Exception {
            Backend backend = Backend.valueOf(arguments[0]);
            int rounds = Integer.parseInt(arguments[1]);
            run(backend, 2_000);
            long before = resident();
            run(backend, rounds);
            long grown = resident() - before;
            System.out.println(backend + ": " + (grown >> 10) + " KiB more");
            assertTrue(grown < TOLERATED, grown + " bytes more are resident");
            control();
        }

        private static void run(Backend backend, int rounds) throws IOException {
            for (int i = 0; i < rounds; i++) {
                try (FdSelector selector = FdSelector.open(backend)) {
                    Fds.pollNow(selector);
                }
            }
        }

        /** Memory that is not freed is seen. */
        private static void control() throws Exception {
            long before = resident();
            try (var memory = new NativeMemory(Bindings.current())) {
                for (int i = 0; i < 20_000; i++) {
                    ByteBuffer bytes = memory.allocate(8192).bytes();
                    bytes.put(0, (byte) 1).put(4096, (byte) 1);
                }
                assertTrue(resident() - before > TOLERATED, "the control");
            }
        }

        private static long resident() throws IOException {
            String line =
                    Files.readAllLines(Path.of("/proc/self/status")).stream()
                            .filter(each -> each.startsWith("VmRSS:"))
                            .findFirst()
                            .orElseThrow();
            return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        }
    }

    // ---- not used after it was freed

    @EveryBackend
    void nothing_can_be_read_or_written_after_close(Pair pair) {
        var memory = new NativeMemory(pair.sys());
        NativeMemory.Block one = memory.allocate(8);
        NativeMemory.Block other = memory.allocate(0);
        assertTrue(one.address() != 0 && other.address() != 0);
        memory.close();
        for (NativeMemory.Block block : List.of(one, other)) {
            assertNull(block.bytes());
            assertEquals(0, block.address());
            assertThrows(NullPointerException.class, () -> block.grow(9));
        }
        memory.close();
    }

    /** A buffer takes longer to make than most system calls of an opening. */
    @EveryBackend
    void an_opening_allocates_once_for_all_that_is_small(Pair pair) throws IOException {
        var ledger = new Ledger(pair.sys());
        try (FdSelector selector = Internals.open(pair.backend(), ledger)) {
            long small = ledger.held().values().stream().filter(size -> size < 4096).count();
            int rings = pair.backend() == Backend.URING ? 1 : 0; // which has memory of its own
            assertEquals(rings, small, selector + " holds " + ledger.held());
        }
    }

    @EveryBackend
    void blocks_that_share_an_allocation_do_not_overlap_and_grow_apart(Pair pair) {
        var ledger = new Ledger(pair.sys());
        var memory = new NativeMemory(ledger, 64);
        NativeMemory.Block one = memory.allocate(8);
        NativeMemory.Block none = memory.allocate(0);
        NativeMemory.Block other = memory.allocate(20);
        assertEquals(1, ledger.allocations());
        assertTrue(none.address() >= one.address() + 8 && none.address() < other.address());
        one.bytes().putLong(0, -2);
        for (int i = 0; i < 20; i++) {
            assertEquals(0, other.bytes().get(i));
            other.bytes().put(i, (byte) 5);
        }
        assertThrows(IndexOutOfBoundsException.class, () -> other.bytes().get(20));
        assertEquals(-2, one.bytes().getLong(0));
        other.grow(21);
        assertEquals(5, other.bytes().get(19));
        assertEquals(0, other.bytes().get(20));
        NativeMemory.Block more = memory.allocate(17); // there is no room for it any more
        assertEquals(3, ledger.allocations());
        memory.close();
        for (NativeMemory.Block each : List.of(one, none, other, more)) {
            assertNull(each.bytes());
            assertEquals(0, each.address());
        }
        assertEquals(Map.of(), ledger.held());
    }

    @EveryBackend
    void the_largest_block_that_can_be_asked_for_has_its_size(Pair pair) {
        var ledger = new Ledger(pair.sys());
        for (int together : new int[] {0, 64}) {
            ledger.fail(ledger.allocations()); // it need not be there
            var memory = new NativeMemory(ledger, together);
            var e = assertThrows(OutOfMemoryError.class, () -> memory.allocate(Integer.MAX_VALUE));
            assertTrue(e.getMessage().contains(" 2147483647 bytes"), e.getMessage());
            memory.close();
        }
        assertEquals(Map.of(), ledger.held());
    }

    @EveryBackend
    void a_block_that_grows_keeps_what_was_in_it(Pair pair) {
        var ledger = new Ledger(pair.sys());
        try (var memory = new NativeMemory(ledger)) {
            NativeMemory.Block block = memory.allocate(8);
            block.bytes().putLong(0, -2);
            block.grow(24);
            assertEquals(-2, block.bytes().getLong(0));
            assertEquals(0, block.bytes().getLong(8) | block.bytes().getLong(16));
            assertEquals(Map.of(block.address(), 24), ledger.held());
            ledger.fail(ledger.allocations());
            long before = block.address();
            assertThrows(OutOfMemoryError.class, () -> block.grow(100));
            assertEquals(before, block.address());
            assertEquals(-2, block.bytes().getLong(0));
        }
        assertEquals(Map.of(), ledger.held());
    }

    // ---- no other memory

    /** A direct buffer stays until a collection. */
    @Test
    void no_direct_buffer_is_made_for_a_selector() throws IOException {
        var found = new ArrayList<String>();
        try (var files = Files.walk(Path.of("src/main/java"))) {
            for (Path file : (Iterable<Path>) files::iterator) {
                if (file.toString().endsWith(".java")
                        && Files.readString(file)
                                .replaceAll("(?m)^ *\\*.*", "")
                                .contains("allocateDirect(")) {
                    found.add(file.getFileName().toString());
                }
            }
        }
        assertEquals(Set.of("JnrSyscalls.java", "TransferBuffer.java"), Set.copyOf(found));
    }
}
