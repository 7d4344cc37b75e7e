package org.zoobridge.imagej;

import org.zoobridge.client.options.Named;


/** What of an image is to be classified. */
public enum Target implements Named {

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
    /** Every object of a label image, such as StarDist, Cellpose and MorphoLibJ make. */
    LABELS("Label image"),
    /** A grid of squares over the slice that is shown. */
    TILES("Tiles");

    private final String label;

    Target(final String label) {
        this.label = label;
    }

    @Override
    public String label() {
        return label;
    }

    /**
     * The target of a macro's word.
     *
     * @param text such as {@code ROI Manager}; upper and lower case are the same, and so are spaces and underscores
     * @return the target
     * @throws org.zoobridge.client.errors.ZooBridgeException if there is none of that name
     */
    public static Target of(final String text) {
        return Named.of(values(), text, "target");
    }
}
