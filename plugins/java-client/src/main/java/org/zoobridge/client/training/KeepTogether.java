package org.zoobridge.client.training;

import java.util.Map;

import org.zoobridge.client.options.Named;
import org.zoobridge.client.results.ResultTable;

/**
 * What is never divided between fitting and testing. Pieces of one image are alike, so figures are honest only if all
 * of them are on one side.
 */
public enum KeepTogether implements Named {

    /** Images of several, else planes of several, else nothing. */
    AUTOMATIC("Automatic"),
    /** All regions of an image. */
    IMAGES("Images"),
    /** The regions of one plane of a stack. */
    PLANES("Planes"),
    /** Nothing: regions of one image are on both sides, which flatters. */
    NOTHING("Nothing");

    private final String label;

    KeepTogether(final String label) {
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
     * The choice for images as they are.
     *
     * @param images number of images that have annotated regions
     * @param planes number of planes that have, in the image with most of them
     * @return this, or what {@link #AUTOMATIC} stands for
     */
    public KeepTogether resolved(final int images, final int planes) {
        return this != AUTOMATIC ? this : images > 1 ? IMAGES : planes > 1 ? PLANES : NOTHING;
    }

    /**
     * What to know of the figures of a model whose regions were kept together so.
     *
     * @return a sentence; empty where the figures are honest
     */
    public String caution() {
        return this == NOTHING ? "Regions of one plane were both fitted and tested on, which flatters. Train on several "
                + "images or planes for an honest figure." : "";
    }

    /**
     * The group of a region.
     *
     * @param image  name of its image
     * @param plane  its plane
     * @param number its place among the image's regions
     * @return the same for all that are kept together
     */
    public String group(final String image, final Map<String, Integer> plane, final int number) {
        switch (this) {
            case PLANES:
                return image + " " + ResultTable.planeText(plane, 0);
            case NOTHING:
                return image + " region " + number;
            default:
                return image;
        }
    }
}
