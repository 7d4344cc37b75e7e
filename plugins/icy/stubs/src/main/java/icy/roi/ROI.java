package icy.roi;

import java.awt.Color;
import java.awt.Rectangle;

/** Signatures of Icy's {@code icy.roi.ROI}; only what is called, and never in the jar. */
public abstract class ROI {

    public String getName() {
        throw new UnsupportedOperationException("signature only");
    }

    public void setName(String name) {
        throw new UnsupportedOperationException("signature only");
    }

    public Color getColor() {
        throw new UnsupportedOperationException("signature only");
    }

    public void setColor(Color color) {
        throw new UnsupportedOperationException("signature only");
    }

    public String getProperty(String name) {
        throw new UnsupportedOperationException("signature only");
    }

    public void setProperty(String name, String value) {
        throw new UnsupportedOperationException("signature only");
    }

    public void beginUpdate() {
        throw new UnsupportedOperationException("signature only");
    }

    public void endUpdate() {
        throw new UnsupportedOperationException("signature only");
    }

    public abstract boolean[] getBooleanMask2D(Rectangle box, int z, int t, int c, boolean inclusive)
            throws InterruptedException;
}
