package dev.pollux.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;

/** What is written is what another parser reads. */
class JsonTest {
    @Test
    void whatever_is_written_is_read_again() {
        var values = new LinkedHashMap<String, Object>();
        values.put("text", "a \"quoted\" \\ line\n\t\u0000\u001b[2J\u00e4\ud83d\ude00");
        values.put("number", 9223372036854775807L);
        values.put("share", 1.5);
        values.put("yes", true);
        values.put("nothing", null);
        values.put("list", Arrays.asList("a", 1, null, List.of(), Map.of()));
        values.put("empty", List.of());
        values.put("inner", Map.of("a", Map.of("b", List.of(Map.of("c", 1)))));
        String json = Json.of(values);
        assertTrue(json.chars().allMatch(c -> c == '\n' || c >= ' ' && c <= '~'), json);
        var read = new JSONObject(json);
        assertEquals(values.get("text"), read.getString("text"));
        assertEquals(9223372036854775807L, read.getLong("number"));
        assertEquals(1.5, read.getDouble("share"));
        assertTrue(read.getBoolean("yes"));
        assertTrue(read.isNull("nothing") && read.has("nothing"));
        assertEquals(5, read.getJSONArray("list").length());
        assertEquals("[]", read.getJSONArray("empty").toString());
        assertEquals("{\"a\":{\"b\":[{\"c\":1}]}}", read.getJSONObject("inner").toString());
    }
}
