package org.zoobridge.icy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;

import org.zoobridge.client.options.Options;
import org.zoobridge.client.options.Words;


/** What is chosen in the plugin's window, stated on the command line, or wired in a protocol. */
public final class Choices extends Options<Choices> {

    /** Keys of the choices. */
    public static final List<String> KEYS = keys();

    private Target target = Target.PLANES;
    private String t = "";
    private String z = "";

    private Choices() {
        super(0);
    }

    private static List<String> keys() {
        final List<String> keys = new ArrayList<>(Options.KEYS);
        keys.addAll(Arrays.asList("target", "t", "z"));
        return Collections.unmodifiableList(keys);
    }

    @Override
    protected Choices self() {
        return this;
    }

    /**
     * Choices by name.
     *
     * @param values by the keys of {@link #KEYS}; what is missing has its default
     * @return the choices
     * @throws org.zoobridge.client.errors.ZooBridgeException if a value cannot be read
     */
    public static Choices of(final Map<String, String> values) {
        final Words words = Words.of(values);
        final Choices choices = new Choices().read(words);
        choices.target = Target.of(words.text("target", Target.PLANES.label()));
        choices.t = words.text("t", "");
        choices.z = words.text("z", "");
        return choices;
    }

    /**
     * What to classify.
     *
     * @return the target
     */
    Target target() {
        return target;
    }

    /**
     * Frames.
     *
     * @return positions from 0 as people write them; empty for what is shown
     */
    String t() {
        return t;
    }

    /**
     * Slices.
     *
     * @return positions from 0 as people write them; empty for what is shown
     */
    String z() {
        return z;
    }
}
