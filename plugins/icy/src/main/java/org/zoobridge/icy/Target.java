package org.zoobridge.icy;

import org.zoobridge.client.options.Named;


/** What of a sequence is to be classified. */
public enum Target implements Named {

    /** The chosen planes, each as a whole. */
    PLANES("Planes"),
    /** Every region, in its own plane or in the chosen ones. */
    ROIS("ROIs"),
    /** Every selected region. */
    SELECTED("Selected ROIs"),
    /** A grid of squares over the chosen planes. */
    TILES("Tiles");

    private final String label;

    Target(final String label) {
        this.label = label;
    }

    @Override
    public String label() {
        return label;
    }

    @Override
    public String toString() {
        return label;
    }

    /**
     * The target of a word.
     *
     * @param text such as {@code selected rois}
     * @return the target
     * @throws org.zoobridge.client.errors.ZooBridgeException if there is none of that name
     */
    public static Target of(final String text) {
        return Named.of(values(), text, "target");
    }
}
