package dev.pollux.doctor;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Writes JSON (RFC 8259) of maps, lists, strings, numbers, truth values and null. */
final class Json {
    private final StringBuilder out = new StringBuilder();

    private Json() {}

    static String of(Object value) {
        var json = new Json();
        json.value(value, "\n");
        return json.out.toString();
    }

    private void value(Object value, String newLine) {
        if (value instanceof Map<?, ?> map) {
            object(map, newLine);
        } else if (value instanceof List<?> list) {
            array(list, newLine);
        } else if (value == null || value instanceof Number || value instanceof Boolean) {
            out.append(value);
        } else {
            string(value.toString());
        }
    }

    private void object(Map<?, ?> map, String newLine) {
        String inside = newLine + "  ";
        out.append('{');
        String separator = inside;
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            out.append(separator);
            string(entry.getKey().toString());
            out.append(": ");
            value(entry.getValue(), inside);
            separator = "," + inside;
        }
        out.append(map.isEmpty() ? "" : newLine).append('}');
    }

    private void array(List<?> list, String newLine) {
        String inside = newLine + "  ";
        out.append('[');
        for (Iterator<?> each = list.iterator(); each.hasNext(); ) {
            out.append(inside);
            value(each.next(), inside);
            out.append(each.hasNext() ? "," : newLine);
        }
        out.append(']');
    }

    private void string(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }
}
