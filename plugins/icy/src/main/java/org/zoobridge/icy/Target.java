package org.zoobridge.icy;

import java.util.Locale;
import org.zoobridge.client.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;


/** What of a sequence is to be classified. */
public enum Target {

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

    /**
     * The target as people read and write it.
     *
     * @return such as {@code Selected ROIs}
     */
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
     * @throws ZooBridgeException if there is none of that name
     */
    public static Target of(final String text) {
        for (final Target target : values()) {
            if (target.label.toLowerCase(Locale.ROOT).equals(text.trim().toLowerCase(Locale.ROOT).replace('_', ' '))) {
                return target;
            }
        }
        throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST, "\"" + text + "\" is no target; write Planes, ROIs, Selected ROIs "
                + "or Tiles").field("target");
    }
}
