package plugins.adufour.vars.lang;

/** Stands for Icy's {@code plugins.adufour.vars.lang.VarROIArray} of the EzPlug plugin. */
public class VarROIArray extends VarArray<icy.roi.ROI> {

    public VarROIArray(String name) {
        super(name, icy.roi.ROI[].class, new icy.roi.ROI[0]);
    }
}
