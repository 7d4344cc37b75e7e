package icy.preferences;

/** Signatures of Icy's {@code icy.preferences.PluginsPreferences}; only what is called, and never in the jar. */
public class PluginsPreferences {

    public static XMLPreferences root(Class<? extends icy.plugin.abstract_.Plugin> plugin) {
        throw new UnsupportedOperationException("signature only");
    }
}
