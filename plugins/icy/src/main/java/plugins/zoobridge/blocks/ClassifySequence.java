package plugins.zoobridge.blocks;

import icy.roi.ROI;

import org.zoobridge.client.Cancellation;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.results.ClassSummary;
import org.zoobridge.client.results.ResultTable;
import org.zoobridge.icy.Choices;
import org.zoobridge.icy.Outcome;
import org.zoobridge.icy.SequenceClassifier;
import org.zoobridge.icy.Target;
import org.zoobridge.icy.adapter.IcySequence;

import plugins.adufour.blocks.util.VarList;
import plugins.adufour.vars.lang.VarInteger;
import plugins.adufour.vars.lang.VarROIArray;
import plugins.adufour.vars.lang.VarSequence;
import plugins.adufour.vars.lang.VarString;

/**
 * A block for Protocols: classifies a sequence, and outputs the table and the counts by class as CSV, the best class of
 * the first item, and the regions with their classes written into them.
 */
public final class ClassifySequence extends ClassifyBlock {

    private final VarSequence sequence = new VarSequence("Sequence", null);

    private final VarString label = new VarString("Class", "");
    private final VarROIArray rois = new VarROIArray("Classified ROIs");
    private final VarString classes = new VarString("Classes (CSV)", "");

    /** Makes the block; it connects to nothing until it runs. */
    public ClassifySequence() {
        option("target", new VarString("Target", Target.PLANES.label()));
        option("t", new VarString("T", "all"));
        option("z", new VarString("Z", "all"));
        option("tile_size", new VarInteger("Tile size", Choices.DEFAULT_TILE));
    }

    @Override
    public void declareInput(final VarList inputMap) {
        inputMap.add("sequence", sequence);
        declareOptions(inputMap, "model", "framework", "target", "t", "z", "channels", "top", "tile_size", "all_scores",
                "intensity");
    }

    @Override
    public void declareOutput(final VarList outputMap) {
        super.declareOutput(outputMap);
        outputMap.add("label", label);
        outputMap.add("rois", rois);
        outputMap.add("classes", classes);
    }

    @Override
    void clear() {
        label.setValue("");
        rois.setValue(new ROI[0]);
        classes.setValue("");
    }

    @Override
    void classify(final ZooBridge zoo, final Choices choices) {
        final IcySequence view = new IcySequence(sequence.getValue());
        new SequenceClassifier(zoo).classify(view, choices, (done, total) -> { }, new Cancellation(),
                outcome -> give(view, outcome));
    }

    private void give(final IcySequence view, final Outcome outcome) {
        final ResultTable table = outcome.table();
        view.write(outcome.classes());
        give(table.csv());
        label.setValue(table.rows().isEmpty() ? "" : table.text(0, "label"));
        rois.setValue(IcySequence.rois(outcome.classes()));
        classes.setValue(ClassSummary.csv(outcome.summary(), view.pixelArea(), "um"));
    }
}
