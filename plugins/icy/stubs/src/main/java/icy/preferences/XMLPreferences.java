package icy.preferences;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Stands for Icy's {@code icy.preferences.XMLPreferences}: values by key. */
public class XMLPreferences {

    private final Map<String, String> values = new ConcurrentHashMap<>();

    public String get(String key, String absent) {
        return values.getOrDefault(key, absent);
    }

    public void put(String key, String value) {
        values.put(key, value);
    }
}
