package dev.pollux.nio;

import static java.nio.channels.SelectionKey.OP_READ;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Crew;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.ConcurrentModificationException;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;

/** A selector's key set and its selected-key set, as sets. */
class KeySetContract {
    private static final int MANY = 12;

    // ---- the key set

    @EveryProvider
    void the_key_set_is_always_the_same_and_holds_what_is_registered(Selector selector, Peers peers)
            throws IOException {
        Set<SelectionKey> keys = selector.keys();
        var expected = new HashSet<SelectionKey>();
        for (int i = 0; i < MANY; i++) {
            SelectionKey key = peers.pipe().source().register(selector, OP_READ);
            expected.add(key);
            assertTrue(keys.contains(key), "at once");
            assertEquals(expected, keys);
            assertEquals(keys, expected);
            assertEquals(expected.hashCode(), keys.hashCode());
            assertEquals(i + 1, keys.size());
        }
        assertSame(keys, selector.keys());
        assertEquals(expected, Set.of(keys.toArray()));
        assertEquals(expected, Set.of(keys.toArray(new SelectionKey[0])));
        assertEquals(expected, keys.stream().collect(Collectors.toSet()));
        assertTrue(keys.containsAll(expected));
    }

    @EveryProvider
    void the_key_set_cannot_be_modified(Selector selector, Peers peers) throws IOException {
        SelectionKey key = peers.readable().register(selector, OP_READ);
        SelectionKey foreign = peers.readable().register(peers.selector(), OP_READ);
        Set<SelectionKey> keys = selector.keys();
        assertUnsupported(() -> keys.add(foreign));
        assertUnsupported(() -> keys.add(key));
        assertUnsupported(() -> keys.addAll(List.of(foreign)));
        assertUnsupported(() -> keys.remove(key));
        assertUnsupported(() -> keys.removeAll(List.of(key)));
        assertUnsupported(() -> keys.retainAll(List.of()));
        assertUnsupported(() -> keys.removeIf(k -> true));
        assertUnsupported(keys::clear);
        Iterator<SelectionKey> iterator = keys.iterator();
        assertSame(key, iterator.next());
        assertUnsupported(iterator::remove);
        assertEquals(Set.of(key), keys);
        assertTrue(key.isValid());
    }

    @EveryProvider
    void the_key_set_may_be_read_while_it_changes(Selector selector, Peers peers)
            throws IOException {
        Set<SelectionKey> keys = selector.keys();
        SelectionKey stays = peers.pipe().source().register(selector, OP_READ);
        var channels = new ArrayList<Pipe.SourceChannel>();
        for (int i = 0; i < 20; i++) {
            channels.add(peers.pipe().source());
        }
        var over = new AtomicBoolean();
        var crew = new Crew();
        for (int i = 0; i < 2; i++) {
            crew.start(
                    "reading",
                    () -> {
                        for (int n = 0; !over.get(); n++) {
                            assertTrue(keys.contains(stays));
                            boolean met = false;
                            for (SelectionKey key : keys) { // no concurrent modification
                                assertSame(selector, key.selector());
                                met |= key == stays;
                            }
                            assertTrue(met);
                            assertTrue(keys.size() >= 1);
                            assertTrue(keys.stream().anyMatch(key -> key == stays));
                        }
                    });
        }
        for (int round = 0; round < 300; round++) {
            for (Pipe.SourceChannel channel : channels) {
                channel.register(selector, OP_READ);
            }
            assertEquals(21, keys.size());
            channels.forEach(channel -> channel.keyFor(selector).cancel());
            selector.selectNow();
            assertEquals(1, keys.size());
            crew.check();
        }
        over.set(true);
        crew.join();
    }

    @EveryProvider
    void an_iterator_of_the_key_set_outlives_registrations_and_removals(
            Selector selector, Peers peers) throws IOException {
        for (int i = 0; i < MANY; i++) {
            peers.pipe().source().register(selector, OP_READ);
        }
        Iterator<SelectionKey> iterator = selector.keys().iterator();
        iterator.next();
        peers.pipe().source().register(selector, OP_READ);
        selector.keys().forEach(SelectionKey::cancel);
        selector.selectNow();
        while (iterator.hasNext()) {
            assertSame(selector, iterator.next().selector());
        }
        assertThrows(NoSuchElementException.class, iterator::next);
        assertTrue(selector.keys().isEmpty());
    }

    @EveryProvider
    void the_key_set_is_read_without_the_selectors_lock(Selector selector, Peers peers)
            throws Exception {
        SelectionKey key = peers.pipe().source().register(selector, OP_READ);
        Poller select = Poller.run(selector::select).awaitBlocked();
        assertEquals(Set.of(key), selector.keys());
        SelectionKey second = peers.pipe().source().register(selector, OP_READ);
        assertEquals(Set.of(key, second), selector.keys());
        selector.wakeup();
        select.result();
    }

    @EveryProvider
    void a_cancelled_key_stays_in_the_key_set_until_the_next_selection(
            Selector selector, Peers peers) throws IOException {
        SelectionKey key = peers.pipe().source().register(selector, OP_READ);
        key.cancel();
        assertTrue(selector.keys().contains(key));
        selector.selectNow();
        assertFalse(selector.keys().contains(key));
    }

    // ---- the selected-key set

    @EveryProvider
    void the_selected_key_set_is_always_the_same(Selector selector, Peers peers)
            throws IOException {
        Set<SelectionKey> selected = selector.selectedKeys();
        Set<SelectionKey> expected = ready(selector, peers);
        assertSame(selected, selector.selectedKeys());
        assertEquals(expected, selected);
        selector.selectNow(key -> assertSame(selected, selector.selectedKeys()));
    }

    @EveryProvider
    void it_is_a_set_like_any_other(Selector selector, Peers peers) throws IOException {
        Set<SelectionKey> expected = ready(selector, peers);
        Set<SelectionKey> selected = selector.selectedKeys();
        SelectionKey foreign = peers.readable().register(peers.selector(), OP_READ);
        SelectionKey idle = peers.pipe().source().register(selector, OP_READ);
        assertEquals(MANY, selected.size());
        assertFalse(selected.isEmpty());
        assertEquals(expected, selected);
        assertEquals(selected, expected);
        assertEquals(expected.hashCode(), selected.hashCode());
        assertEquals(selected, selected);
        assertNotEquals(selected, Set.of());
        assertFalse(selected.contains(foreign));
        assertFalse(selected.contains(idle));
        assertFalse(selected.contains("a string"));
        assertFalse(selected.contains(null));
        assertTrue(selected.containsAll(expected));
        assertFalse(selected.containsAll(List.of(idle)));
        assertEquals(expected, Set.of(selected.toArray()));
        SelectionKey[] big = selected.toArray(new SelectionKey[MANY + 3]);
        assertEquals(null, big[MANY]);
        assertArrayEquals(selected.toArray(), selected.toArray(new SelectionKey[0]));
        assertArrayEquals(selected.toArray(), selected.toArray(SelectionKey[]::new));
        assertThrows(ArrayStoreException.class, () -> selected.toArray(new String[0]));
        assertEquals(expected, selected.stream().collect(Collectors.toSet()));
        assertEquals(expected, selected.parallelStream().collect(Collectors.toSet()));
        var each = new ArrayList<SelectionKey>();
        selected.forEach(each::add);
        assertEquals(MANY, each.size());
        assertEquals(expected, new HashSet<>(each));
        each.clear();
        selected.iterator().forEachRemaining(each::add);
        assertEquals(expected, new HashSet<>(each));
        assertEquals(expected, Set.copyOf(selected));
        expected.forEach(key -> assertTrue(selected.toString().contains(key.toString())));
    }

    @EveryProvider
    void nothing_can_be_added(Selector selector, Peers peers) throws IOException {
        Set<SelectionKey> expected = ready(selector, peers);
        Set<SelectionKey> selected = selector.selectedKeys();
        SelectionKey idle = peers.pipe().source().register(selector, OP_READ);
        SelectionKey there = expected.iterator().next();
        assertUnsupported(() -> selected.add(idle));
        assertUnsupported(() -> selected.add(there));
        assertUnsupported(() -> selected.add(null));
        assertUnsupported(() -> selected.addAll(List.of(idle)));
        assertUnsupported(() -> selected.addAll(List.of(idle, there)));
        @SuppressWarnings("unchecked") // as old programs do it
        Set<Object> raw = (Set<Object>) (Set<?>) selected;
        assertUnsupported(() -> raw.add(new Object()));
        assertEquals(expected, selected);
    }

    @EveryProvider
    void keys_are_removed_in_any_way(Selector selector, Peers peers) throws IOException {
        Set<SelectionKey> all = ready(selector, peers);
        Set<SelectionKey> selected = selector.selectedKeys();
        SelectionKey one = all.iterator().next();
        SelectionKey idle = peers.pipe().source().register(selector, OP_READ);
        Set<SelectionKey> others = new HashSet<>(all);
        others.remove(one);

        assertTrue(selected.remove(one));
        assertFalse(selected.remove(one));
        assertFalse(selected.remove(idle));
        assertFalse(selected.remove("a string"));
        assertFalse(selected.remove(null));
        assertEquals(others, selected);
        assertEquals(1, selector.selectNow());
        assertEquals(all, selected);

        assertTrue(selected.removeAll(List.of(one, idle)));
        assertFalse(selected.removeAll(List.of(one, idle)));
        assertEquals(others, selected);
        assertEquals(1, selector.selectNow());

        assertTrue(selected.removeAll(others)); // larger, and smaller, than the set
        assertEquals(Set.of(one), selected);
        assertEquals(MANY - 1, selector.selectNow());

        assertTrue(selected.retainAll(others));
        assertFalse(selected.retainAll(others));
        assertEquals(others, selected);
        assertEquals(1, selector.selectNow());

        assertTrue(selected.removeIf(key -> key == one));
        assertFalse(selected.removeIf(key -> key == one));
        assertEquals(others, selected);
        assertEquals(1, selector.selectNow());

        selected.clear();
        assertTrue(selected.isEmpty());
        assertEquals(0, selected.size());
        assertFalse(selected.iterator().hasNext());
        selected.clear();
        assertEquals(MANY, selector.selectNow());
        assertEquals(all, selected);
        assertTrue(one.isValid());
    }

    @EveryProvider
    void an_iterator_removes_what_it_has_returned(Selector selector, Peers peers)
            throws IOException {
        Set<SelectionKey> all = ready(selector, peers);
        Set<SelectionKey> selected = selector.selectedKeys();
        for (int pattern = 0; pattern < 4; pattern++) {
            var left = new HashSet<>(all);
            var met = new HashSet<SelectionKey>();
            Iterator<SelectionKey> iterator = selected.iterator();
            assertThrows(IllegalStateException.class, iterator::remove);
            for (int i = 0; iterator.hasNext(); i++) {
                SelectionKey key = iterator.next();
                assertTrue(met.add(key), "each once");
                if ((i & pattern) == 0) {
                    iterator.remove();
                    assertThrows(IllegalStateException.class, iterator::remove);
                    left.remove(key);
                }
            }
            assertThrows(NoSuchElementException.class, iterator::next);
            assertEquals(all, met);
            assertEquals(left, selected);
            assertEquals(all.size() - left.size(), selector.selectNow());
            assertEquals(all, selected);
        }
    }

    @EveryProvider
    void an_iterator_fails_fast(Selector selector, Peers peers) throws IOException {
        Set<SelectionKey> all = ready(selector, peers);
        Set<SelectionKey> selected = selector.selectedKeys();
        SelectionKey one = all.iterator().next();

        Iterator<SelectionKey> iterator = selected.iterator();
        iterator.next();
        selected.remove(one);
        assertThrows(ConcurrentModificationException.class, iterator::next);

        Iterator<SelectionKey> beforeSelect = selected.iterator();
        beforeSelect.next();
        assertEquals(1, selector.selectNow());
        assertThrows(ConcurrentModificationException.class, beforeSelect::next);

        Iterator<SelectionKey> first = selected.iterator();
        Iterator<SelectionKey> second = selected.iterator();
        first.next();
        second.next();
        first.remove();
        first.next();
        assertThrows(ConcurrentModificationException.class, second::next);
        assertThrows(ConcurrentModificationException.class, second::remove);

        Iterator<SelectionKey> beforeClear = selected.iterator();
        beforeClear.next();
        selected.clear();
        assertThrows(ConcurrentModificationException.class, beforeClear::next);

        assertEquals(MANY, selector.selectNow());
        Iterator<SelectionKey> untouched = selected.iterator();
        selected.remove("a string");
        assertEquals(0, selector.selectNow());
        untouched.next();

        Iterator<SelectionKey> beforeCancel = selected.iterator();
        SelectionKey met = beforeCancel.next();
        met.cancel();
        selector.selectNow();
        assertThrows(ConcurrentModificationException.class, beforeCancel::next);
    }

    @EveryProvider
    void a_key_that_was_removed_comes_again_however_often(Selector selector, Peers peers)
            throws IOException {
        Set<SelectionKey> all = ready(selector, peers);
        var keys = new ArrayList<>(all);
        var random = new java.util.Random(5);
        for (int round = 0; round < 500; round++) {
            var left = new HashSet<>(all);
            for (int i = random.nextInt(MANY); i > 0; i--) {
                SelectionKey key = keys.get(random.nextInt(MANY));
                assertEquals(left.remove(key), selector.selectedKeys().remove(key));
            }
            assertEquals(left, selector.selectedKeys());
            assertEquals(MANY - left.size(), selector.selectNow());
            assertEquals(all, selector.selectedKeys());
        }
    }

    @EveryProvider
    void a_selected_key_that_is_cancelled_leaves_with_the_next_selection(
            Selector selector, Peers peers) throws IOException {
        Set<SelectionKey> left = ready(selector, peers);
        while (!left.isEmpty()) {
            SelectionKey key = left.iterator().next();
            key.cancel();
            assertTrue(selector.selectedKeys().contains(key), "still there");
            left.remove(key);
            assertEquals(0, selector.selectNow());
            assertEquals(left, selector.selectedKeys());
            assertEquals(left, selector.keys());
        }
    }

    @EveryProvider
    void removing_while_iterating_over_a_copy_is_the_way_of_many_programs(
            Selector selector, Peers peers) throws IOException {
        ready(selector, peers);
        Set<SelectionKey> selected = selector.selectedKeys();
        for (SelectionKey key : selected.toArray(new SelectionKey[0])) {
            assertTrue(selected.remove(key));
        }
        assertTrue(selected.isEmpty());
    }

    // ---- keys

    @EveryProvider
    void keys_are_equal_to_themselves_alone(Selector selector, Peers peers) throws IOException {
        Set<SelectionKey> all = ready(selector, peers);
        for (SelectionKey key : all) {
            assertEquals(1, all.stream().filter(key::equals).count());
            assertEquals(key.hashCode(), key.hashCode());
            assertFalse(key.toString().isEmpty());
        }
    }

    /** Many registrations, each with one byte to read, selected. */
    private static Set<SelectionKey> ready(Selector selector, Peers peers) throws IOException {
        var keys = new HashSet<SelectionKey>();
        for (int i = 0; i < MANY; i++) {
            keys.add(peers.readable().register(selector, OP_READ));
        }
        assertEquals(MANY, selector.selectNow());
        return keys;
    }

    private static void assertUnsupported(org.junit.jupiter.api.function.Executable call) {
        assertThrows(UnsupportedOperationException.class, call);
    }
}
