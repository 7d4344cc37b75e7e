package org.zoobridge.imagej;

import java.util.Locale;

import org.zoobridge.client.errors.InvalidRequestException;
import org.zoobridge.client.errors.ZooBridgeException.Facts;

/** What of an image is to be classified. */
public enum Target {

    /** Every slice and frame as a whole; an image of one plane as it is. */
    IMAGE("Whole image"),
    /** The slice that is shown. */
    SLICE("Current slice"),
    /** Every slice and frame, each as a whole. */
    STACK("All slices"),
    /** The selection, in the slice that is shown. */
    SELECTION("Selection"),
    /** Every region in the ROI Manager, each in its own slice. */
    ROI_MANAGER("ROI Manager"),
    /** Every region of the image's overlay, each in its own slice. */
    OVERLAY("Overlay"),
    /** A grid of squares over the slice that is shown. */
    TILES("Tiles");

    private final String label;

    Target(final String label) {
        this.label = label;
    }

    /**
     * The target as dialogs and macros write it.
     *
     * @return such as {@code ROI Manager}
     */
    public String label() {
        return label;
    }

    /**
     * The target of a macro's word.
     *
     * @param text such as {@code ROI Manager}; upper and lower case are the same, and so are spaces and underscores
     * @return the target
     * @throws InvalidRequestException if there is none of that name
     */
    public static Target of(final String text) {
        final StringBuilder known = new StringBuilder();
        for (final Target target : values()) {
            if (normal(target.label).equals(normal(text))) {
                return target;
            }
            known.append(known.length() == 0 ? "" : ", ").append(target.label);
        }
        throw new InvalidRequestException(new Facts("\"" + text + "\" is no target; write one of: " + known)
                .reason("INVALID_REQUEST").field("target"));
    }

    private static String normal(final String text) {
        return text.trim().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
