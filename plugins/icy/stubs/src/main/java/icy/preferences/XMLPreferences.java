package icy.preferences;

/** Signatures of Icy's {@code icy.preferences.XMLPreferences}; only what is called, and never in the jar. */
public class XMLPreferences {

    public String get(String key, String absent) {
        throw new UnsupportedOperationException("signature only");
    }

    public void put(String key, String value) {
        throw new UnsupportedOperationException("signature only");
    }
}
