package icy.sequence;

import java.util.ArrayList;

/** Signatures of Icy's {@code icy.sequence.Sequence}; only what is called, and never in the jar. */
public class Sequence {

    public int getSizeX() {
        throw new UnsupportedOperationException("signature only");
    }

    public int getSizeY() {
        throw new UnsupportedOperationException("signature only");
    }

    public int getSizeZ() {
        throw new UnsupportedOperationException("signature only");
    }

    public int getSizeT() {
        throw new UnsupportedOperationException("signature only");
    }

    public int getSizeC() {
        throw new UnsupportedOperationException("signature only");
    }

    public boolean isEmpty() {
        throw new UnsupportedOperationException("signature only");
    }

    public icy.type.DataType getDataType_() {
        throw new UnsupportedOperationException("signature only");
    }

    public Object getDataCopyXY(int t, int z, int c) {
        throw new UnsupportedOperationException("signature only");
    }

    public String getName() {
        throw new UnsupportedOperationException("signature only");
    }

    public ArrayList<icy.roi.ROI> getROIs() {
        throw new UnsupportedOperationException("signature only");
    }

    public ArrayList<icy.roi.ROI> getSelectedROIs() {
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

    public boolean addUndoableEdit(icy.undo.IcyUndoableEdit edit) {
        throw new UnsupportedOperationException("signature only");
    }

    public icy.gui.viewer.Viewer getFirstViewer() {
        throw new UnsupportedOperationException("signature only");
    }

    public double getPixelSizeX() {
        throw new UnsupportedOperationException("signature only");
    }

    public double getPixelSizeY() {
        throw new UnsupportedOperationException("signature only");
    }
}
