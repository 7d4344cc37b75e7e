package org.zoobridge.icy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.zoobridge.client.ClassifyCall;
import org.zoobridge.client.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;

/** What is chosen in the plugin's window, stated on the command line, or wired in a protocol. Immutable. */
public final class Choices {

    /** The framework choice that leaves it to the server. */
    public static final String AUTOMATIC = "automatic";

    private static final int DEFAULT_TOP = 3;
    private static final int DEFAULT_TILE = 128;

    final String framework;
    final String model;
    final Target target;
    final String t;
    final String z;
    final String channels;
    final int top;
    final int tileSize;
    final boolean allScores;

    private Choices(final Map<String, String> words) {
        framework = words.getOrDefault("framework", AUTOMATIC);
        model = words.getOrDefault("model", "").trim();
        target = Target.of(words.getOrDefault("target", Target.PLANES.label()));
        t = words.getOrDefault("t", "");
        z = words.getOrDefault("z", "");
        channels = words.getOrDefault("channels", "");
        top = number(words, "top", DEFAULT_TOP);
        tileSize = number(words, "tile_size", DEFAULT_TILE);
        allScores = Boolean.parseBoolean(words.getOrDefault("all_scores", "false"));
    }

    /**
     * Choices by name.
     *
     * @param words {@code framework}, {@code model}, {@code target}, {@code t}, {@code z}, {@code channels},
     *              {@code top}, {@code tile_size}, {@code all_scores}; what is missing has its default
     * @return the choices
     * @throws ZooBridgeException if a value cannot be read
     */
    public static Choices of(final Map<String, String> words) {
        return new Choices(words);
    }

    private static int number(final Map<String, String> words, final String key, final int absent) {
        final String text = words.getOrDefault(key, "").trim();
        try {
            return text.isEmpty() ? absent : Integer.parseInt(text);
        } catch (NumberFormatException error) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST, "\"" + text + "\" is no number for " + key).field(key).causedBy(error);
        }
    }

    /**
     * The model.
     *
     * @return {@code id} or {@code id@version}
     * @throws ZooBridgeException if none is chosen
     */
    public String model() {
        if (model.isEmpty()) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST, "No model is chosen.")
                    .field("model");
        }
        return model;
    }

    /**
     * Fills a call in.
     *
     * @param call the call
     */
    public void apply(final ClassifyCall call) {
        call.framework(AUTOMATIC.equalsIgnoreCase(framework) ? "" : framework).topK(Math.max(0, top));
        if (allScores) {
            call.withAllScores();
        }
        final List<Integer> indexes = new ArrayList<>();
        for (final String part : channels.trim().split("[,\\s]+")) {
            if (!part.isEmpty()) {
                try {
                    indexes.add(Integer.parseInt(part));
                } catch (NumberFormatException error) {
                    throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST, "\"" + channels + "\" names no channels; write their "
                            + "numbers from 0, such as 2,1,0, or nothing for all")
                            .field("channels").causedBy(error);
                }
            }
        }
        call.channels(indexes.stream().mapToInt(Integer::intValue).toArray());
    }
}
