package icy.sequence;

import icy.gui.viewer.Viewer;
import icy.roi.ROI;
import icy.type.DataType;
import icy.undo.IcyUndoableEdit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Stands for Icy's {@code icy.sequence.Sequence}: one plane of channels, with regions, properties and undo. */
public class Sequence {

    private final String name;
    private final int width;
    private final int height;
    private final byte[][] channels;
    private final ArrayList<ROI> rois = new ArrayList<>();
    private final Map<String, String> properties = new HashMap<>();
    private final List<IcyUndoableEdit> edits = new ArrayList<>();

    public Sequence(String name, int width, int height, byte[]... channels) {
        this.name = name;
        this.width = width;
        this.height = height;
        this.channels = channels;
    }

    public int getSizeX() {
        return width;
    }

    public int getSizeY() {
        return height;
    }

    public int getSizeZ() {
        return 1;
    }

    public int getSizeT() {
        return 1;
    }

    public int getSizeC() {
        return channels.length;
    }

    public boolean isEmpty() {
        return channels.length == 0;
    }

    public DataType getDataType_() {
        return DataType.UBYTE;
    }

    public Object getDataCopyXY(int t, int z, int c) {
        return channels[c].clone();
    }

    public String getName() {
        return name;
    }

    public ArrayList<ROI> getROIs() {
        return new ArrayList<>(rois);
    }

    public ArrayList<ROI> getSelectedROIs() {
        return new ArrayList<>();
    }

    public boolean addROI(ROI roi) {
        return rois.add(roi);
    }

    public String getProperty(String key) {
        return properties.get(key.toLowerCase());
    }

    public void setProperty(String key, String value) {
        properties.put(key.toLowerCase(), value);
    }

    public void beginUpdate() {
    }

    public void endUpdate() {
    }

    public boolean addUndoableEdit(IcyUndoableEdit edit) {
        return edits.add(edit);
    }

    public boolean undo() {
        if (edits.isEmpty()) {
            return false;
        }
        edits.remove(edits.size() - 1).undo();
        return true;
    }

    public Viewer getFirstViewer() {
        return null;
    }

    public double getPixelSizeX() {
        return 1;
    }

    public double getPixelSizeY() {
        return 1;
    }
}
