package org.zoobridge.icy.adapter;

import icy.gui.viewer.Viewer;
import icy.roi.ROI;
import icy.roi.ROI2D;
import icy.sequence.Sequence;

import java.util.ArrayList;
import java.util.List;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.icy.RegionClass;
import org.zoobridge.icy.RegionView;
import org.zoobridge.icy.SequenceView;
import org.zoobridge.v1.DataType;
import org.zoobridge.v1.ErrorReason;

/** An Icy sequence as the logic sees it. */
public final class IcySequence implements SequenceView {

    private final Sequence sequence;

    /**
     * Wraps a sequence.
     *
     * @param sequence an open sequence; null where none is
     * @throws ZooBridgeException if there is none, or it is empty
     */
    public IcySequence(final Sequence sequence) {
        if (sequence == null || sequence.isEmpty()) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                    "No sequence is open. Open one and run this again.").field("image");
        }
        this.sequence = sequence;
    }

    @Override
    public String name() {
        return sequence.getName();
    }

    @Override
    public int sizeX() {
        return sequence.getSizeX();
    }

    @Override
    public int sizeY() {
        return sequence.getSizeY();
    }

    @Override
    public int sizeZ() {
        return sequence.getSizeZ();
    }

    @Override
    public int sizeT() {
        return sequence.getSizeT();
    }

    @Override
    public int sizeC() {
        return sequence.getSizeC();
    }

    @Override
    public DataType type() {
        switch (sequence.getDataType_()) {
            case UBYTE:
                return DataType.DATA_TYPE_UINT8;
            case BYTE:
                return DataType.DATA_TYPE_INT8;
            case USHORT:
                return DataType.DATA_TYPE_UINT16;
            case SHORT:
                return DataType.DATA_TYPE_INT16;
            case UINT:
                return DataType.DATA_TYPE_UINT32;
            case INT:
                return DataType.DATA_TYPE_INT32;
            case FLOAT:
                return DataType.DATA_TYPE_FLOAT32;
            case DOUBLE:
                return DataType.DATA_TYPE_FLOAT64;
            default:
                throw ZooBridgeException.of(ErrorReason.ERROR_REASON_IMAGE_FORMAT,
                        sequence.getName() + " holds pixels of the type "
                        + sequence.getDataType_() + "; convert it to another (Sequence operation > Convert).").field("image");
        }
    }

    @Override
    public double pixelArea() {
        return sequence.getPixelSizeX() * sequence.getPixelSizeY();
    }

    @Override
    public int shownZ() {
        final Viewer viewer = sequence.getFirstViewer();
        return viewer == null ? 0 : viewer.getPositionZ();
    }

    @Override
    public int shownT() {
        final Viewer viewer = sequence.getFirstViewer();
        return viewer == null ? 0 : Math.max(0, viewer.getPositionT());
    }

    @Override
    public Object pixels(final int t, final int z, final int c) {
        return sequence.getDataCopyXY(t, z, c);
    }

    @Override
    public List<RegionView> regions(final boolean selectedOnly) {
        final List<RegionView> regions = new ArrayList<>();
        for (final ROI roi : selectedOnly ? sequence.getSelectedROIs() : sequence.getROIs()) {
            if (!(roi instanceof ROI2D)) {
                throw ZooBridgeException.of(ErrorReason.ERROR_REASON_REGION,
                        "The ROI \"" + roi.getName() + "\" is not flat. Take it out of "
                        + "the selection, or convert it to 2D.").field("regions");
            }
            regions.add(new IcyRegion((ROI2D) roi));
        }
        return regions;
    }

    @Override
    public void note(final String name, final String value) {
        sequence.setProperty(name, value);
    }

    /**
     * Writes classes into the regions' names, colours and properties, as one step that can be undone.
     *
     * @param classes classes of regions of this sequence
     */
    public void write(final List<RegionClass> classes) {
        if (classes.isEmpty()) {
            return;
        }
        final ClassesEdit edit = new ClassesEdit(sequence, classes);
        edit.write();
        sequence.addUndoableEdit(edit);
    }

    /**
     * The regions that classes were written into.
     *
     * @param classes classes of regions of this sequence
     * @return Icy's regions
     */
    public static ROI[] rois(final List<RegionClass> classes) {
        final ROI[] rois = new ROI[classes.size()];
        for (int i = 0; i < rois.length; i++) {
            rois[i] = ((IcyRegion) classes.get(i).region()).roi();
        }
        return rois;
    }
}
