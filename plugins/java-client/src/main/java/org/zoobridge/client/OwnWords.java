package org.zoobridge.client;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;

import org.zoobridge.client.errors.ZooBridgeException;

/**
 * What Fiji and Icy call what an error or a notice of the server is about. The server says which field of the request;
 * the dialogs of both programs, and their macros and blocks, have the same names for it.
 */
public final class OwnWords {

    private static final Map<String, String> FIELDS;

    static {
        final Map<String, String> fields = new HashMap<>();
        fields.put("framework", named("Run with", "framework"));
        fields.put("image.series", named("Series", "series"));
        fields.put("options.channels", named("Channels", "channels"));
        fields.put("options.intensity", named("Intensity", "intensity"));
        fields.put("options.intensity.rule", named("Intensity", "intensity"));
        FIELDS = Collections.unmodifiableMap(fields);
    }

    private OwnWords() {
    }

    private static String named(final String label, final String key) {
        return "\"" + label + "\" (" + key + "=...)";
    }

    /**
     * The dialog's field for a field of the request.
     *
     * @param field such as {@code options.channels}
     * @return such as {@code "Channels" (channels=...)}; empty where the dialogs have none
     */
    public static String field(final String field) {
        return FIELDS.getOrDefault(field, "");
    }

    /**
     * An error's sentence, without the options of a shell, and with the dialog's field or the server's setting that it
     * is about.
     *
     * @param error what went wrong
     * @return what to show
     */
    public static String sentence(final ZooBridgeException error) {
        final String message = error.getMessage().split(" as metadata ")[0].replaceAll("\\s*\\(--[^)]*\\)", "")
                .replaceAll("; (list them|add one) with: zoobridge \\w+", "");
        final String setting = error.metadata().getOrDefault("setting", "");
        final String field = field(error.metadata().getOrDefault("option", error.field()));
        if (!setting.isEmpty()) {
            return ended(message) + " Setting of the server: " + setting.replace(",", ", ") + ".";
        }
        return field.isEmpty() ? message : ended(message) + " Field: " + field + ".";
    }

    private static String ended(final String message) {
        return message.endsWith(".") || message.endsWith("?") ? message : message + ".";
    }
}
