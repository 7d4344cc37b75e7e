package plugins.adufour.vars.lang;

/** Signatures of Icy's {@code plugins.adufour.vars.lang.VarROIArray} of the EzPlug plugin; only what is called, and never in the jar. */
public class VarROIArray extends VarArray<icy.roi.ROI> {

    public VarROIArray(String name) {
        super(name, icy.roi.ROI[].class, new icy.roi.ROI[0]);
    }
}
