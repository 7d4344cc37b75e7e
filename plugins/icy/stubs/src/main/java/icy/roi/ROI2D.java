package icy.roi;

import java.awt.Rectangle;

/** Signatures of Icy's {@code icy.roi.ROI2D}; only what is called, and never in the jar. */
public abstract class ROI2D extends ROI {

    public Rectangle getBounds() {
        throw new UnsupportedOperationException("signature only");
    }

    public int getZ() {
        throw new UnsupportedOperationException("signature only");
    }

    public int getT() {
        throw new UnsupportedOperationException("signature only");
    }
}
