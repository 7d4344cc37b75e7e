package icy.roi;

import java.awt.Rectangle;

/** Stands for Icy's {@code icy.roi.ROI2D}: a region on all planes. */
public abstract class ROI2D extends ROI {

    public abstract Rectangle getBounds();

    public int getZ() {
        return -1;
    }

    public int getT() {
        return -1;
    }
}
