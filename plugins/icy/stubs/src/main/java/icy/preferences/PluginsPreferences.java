package icy.preferences;

import icy.plugin.abstract_.Plugin;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Stands for Icy's {@code icy.preferences.PluginsPreferences}: a node for each plugin. */
public class PluginsPreferences {

    private static final Map<String, XMLPreferences> NODES = new ConcurrentHashMap<>();

    public static XMLPreferences root(Class<? extends Plugin> plugin) {
        return NODES.computeIfAbsent(plugin.getName(), name -> new XMLPreferences());
    }
}
