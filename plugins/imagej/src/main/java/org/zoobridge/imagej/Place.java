package org.zoobridge.imagej;

import ij.gui.Roi;
import ij.io.RoiDecoder;
import ij.io.RoiEncoder;

import java.util.function.Supplier;

import org.zoobridge.v1.Region;

/** A region of an open image on its way through a run: what is sent, and what stands for it in ImageJ. */
public final class Place {

    private final Region region;
    private final Supplier<Roi> outline;
    private final int object;
    private Roi roi;

    private Place(final Region region, final Supplier<Roi> outline, final int object) {
        this.region = region;
        this.outline = outline;
        this.object = object;
    }

    static Place of(final Region region, final Roi roi) {
        return new Place(region, () -> roi, 0);
    }

    /** A label's outline is traced only where somebody wants to see it. */
    static Place object(final Region region, final int object, final Supplier<Roi> outline) {
        return new Place(region, outline, object);
    }

    /** What is sent. */
    public Region region() {
        return region;
    }

    /** The selection, the ROI Manager's own region, or a new one. */
    public Roi roi() {
        if (roi == null) {
            roi = outline.get();
        }
        return roi;
    }

    /**
     * A copy that shares nothing: NB {@code Roi.clone()} shares its properties with the original.
     *
     * @param roi a region
     * @return the copy
     */
    static Roi copy(final Roi roi) {
        return roi.getProperties() == null ? (Roi) roi.clone()
                : RoiDecoder.openFromByteArray(RoiEncoder.saveAsByteArray(roi));
    }

    /** Number of the object in its label image; 0 for other regions. */
    public int object() {
        return object;
    }

    /** The same for the same pixels, whatever the region's name. */
    String key() {
        return region.getBox().getX() + "," + region.getBox().getY() + "," + region.getBox().getWidth() + ","
                + region.getBox().getHeight() + "," + region.getMask().hashCode();
    }
}
