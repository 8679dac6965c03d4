package dev.pollux.sys;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the headers of a system declare, in their words: types, structs and constants, from the
 * resources {@code *.facts}. Sizes and offsets are not in there: they are worked out here, by the
 * rules of the C compilers of all these systems, where {@code long} and pointers have 8 bytes.
 */
final class Facts {
    record Field(int offset, int size) {}

    /** What a function is called in libc's table of symbols, on one processor. */
    record Symbol(String arch, String function, String name) {}

    private record Type(int size, int alignment, Map<String, Field> fields) {
        static Type scalar(int size) {
            return new Type(size, size, Map.of());
        }
    }

    private final Map<String, Type> types = new HashMap<>();
    private final Map<String, Integer> constants = new HashMap<>();
    private final List<Symbol> symbols = new ArrayList<>();
    private int pack; // 0: each member as it likes

    private String struct; // the one whose members are being read
    private Map<String, Field> members;
    private int size;
    private int alignment;

    Facts(String... resources) {
        for (String name : "char int8_t uint8_t".split(" ")) {
            types.put(name, Type.scalar(1));
        }
        for (String name : "short,unsigned short,int16_t,uint16_t".split(",")) {
            types.put(name, Type.scalar(2));
        }
        for (String name : "int,unsigned int,int32_t,uint32_t".split(",")) {
            types.put(name, Type.scalar(4));
        }
        for (String name :
                "long,unsigned long,int64_t,uint64_t,intptr_t,uintptr_t,void*".split(",")) {
            types.put(name, Type.scalar(8));
        }
        for (String resource : resources) {
            read(resource);
        }
    }

    int sizeOf(String struct) {
        return types.get(struct).size;
    }

    Field field(String struct, String name) {
        return types.get(struct).fields.get(name);
    }

    boolean declares(String struct) {
        return types.containsKey(struct);
    }

    /** The value of a constant, 0 of one that the headers do not have; null: they say nothing. */
    Integer constant(String name) {
        return constants.get(name);
    }

    List<Symbol> symbols() {
        return symbols;
    }

    private void read(String resource) {
        try (InputStream in = Facts.class.getResourceAsStream(resource + ".facts")) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            text.lines().forEach(this::line);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void line(String line) {
        String[] words = line.strip().split(" +", 3);
        switch (words[0]) {
            case "", "#", "header" -> {}
            case "pragma" -> pack = Integer.parseInt(words[2]);
            case "typedef" -> {
                int last = line.lastIndexOf(' ');
                types.put(line.substring(last + 1), type(line.substring(8, last)));
            }
            case "define" -> put(words[1], number(words[2]));
            case "absent" -> put(words[1], 0);
            case "symbol" -> {
                String[] rest = words[2].split(" ");
                symbols.add(new Symbol(words[1], rest[0], rest[1]));
            }
            case "struct" -> {
                struct = words[1];
                members = new HashMap<>();
                size = 0;
                alignment = 1;
            }
            case "end" -> {
                types.put(struct, new Type(roundUp(size, alignment), alignment, members));
                struct = null;
            }
            default -> member(line.strip());
        }
    }

    private void put(String name, int value) {
        if (constants.put(name, value) != null) {
            throw new AssertionError(name + " is there twice");
        }
    }

    private void member(String line) {
        if (struct == null) {
            throw new AssertionError("neither a declaration nor a member: " + line);
        }
        int last = line.lastIndexOf(' ');
        String[] name = line.substring(last + 1).split("[\\[\\]]");
        Type type = type(line.substring(0, last));
        int count = name.length == 1 ? 1 : Integer.parseInt(name[1]);
        int aligned = pack == 0 ? type.alignment : Math.min(pack, type.alignment);
        int at = roundUp(size, aligned);
        members.put(name[0], new Field(at, type.size));
        size = at + count * type.size;
        alignment = Math.max(alignment, aligned);
    }

    private Type type(String name) {
        Type type = types.get(name.startsWith("__") ? name.substring(2) : name);
        if (type == null) {
            throw new AssertionError("no type " + name);
        }
        return type;
    }

    private static int roundUp(int size, int alignment) {
        return (size + alignment - 1) / alignment * alignment;
    }

    /** {@code 0x20}, {@code 0140000}, {@code (-1)}, {@code 8U}, {@code 1u << 31}. */
    private static int number(String text) {
        String[] sides = text.replaceAll("[()]", "").split(" << ");
        long value = Long.decode(sides[0].replaceAll("[uU]$", ""));
        return (int) (sides.length == 1 ? value : value << Integer.parseInt(sides[1]));
    }
}
