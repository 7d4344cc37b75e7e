package plugins.zoobridge.blocks;

import icy.plugin.abstract_.Plugin;
import icy.roi.ROI;
import icy.sequence.Sequence;

import java.util.HashMap;
import java.util.Map;

import org.zoobridge.client.Cancellation;
import org.zoobridge.client.ResultTable;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.icy.Choices;
import org.zoobridge.icy.Outcome;
import org.zoobridge.icy.SequenceClassifier;
import org.zoobridge.icy.Target;
import org.zoobridge.icy.adapter.IcySequence;
import org.zoobridge.icy.adapter.IcySettings;

import plugins.adufour.blocks.lang.Block;
import plugins.adufour.blocks.util.VarList;
import plugins.adufour.vars.lang.VarBoolean;
import plugins.adufour.vars.lang.VarInteger;
import plugins.adufour.vars.lang.VarROIArray;
import plugins.adufour.vars.lang.VarSequence;
import plugins.adufour.vars.lang.VarString;
import plugins.adufour.vars.util.VarException;
import plugins.zoobridge.classify.ZooBridgeClassify;
import org.zoobridge.client.ZooBridgeException;

/**
 * A block for Protocols: classifies a sequence, and gives out the table as CSV, the best class of the first item, and
 * the regions with their classes written into them. No other class refers to it, so that the plugin works without
 * Protocols.
 */
public final class ClassifySequence extends Plugin implements Block {

    private final VarSequence sequence = new VarSequence("Sequence", null);
    private final VarString model = new VarString("Model", "");
    private final VarString framework = new VarString("Framework", Choices.AUTOMATIC);
    private final VarString target = new VarString("Target", Target.PLANES.label());
    private final VarString frames = new VarString("T", "all");
    private final VarString slices = new VarString("Z", "all");
    private final VarString channels = new VarString("Channels", "");
    private final VarInteger top = new VarInteger("Classes to name", 3);
    private final VarInteger tileSize = new VarInteger("Tile size", 128);
    private final VarBoolean allScores = new VarBoolean("All scores", false);

    private final VarString csv = new VarString("Table (CSV)", "");
    private final VarString label = new VarString("Class", "");
    private final VarROIArray rois = new VarROIArray("Classified ROIs");

    @Override
    public void declareInput(final VarList inputMap) {
        // The names are saved in protocol files: never rename one, never change the order.
        inputMap.add("sequence", sequence);
        inputMap.add("model", model);
        inputMap.add("framework", framework);
        inputMap.add("target", target);
        inputMap.add("t", frames);
        inputMap.add("z", slices);
        inputMap.add("channels", channels);
        inputMap.add("top", top);
        inputMap.add("tile_size", tileSize);
        inputMap.add("all_scores", allScores);
    }

    @Override
    public void declareOutput(final VarList outputMap) {
        outputMap.add("csv", csv);
        outputMap.add("label", label);
        outputMap.add("rois", rois);
    }

    @Override
    public void run() {
        final Sequence given = sequence.getValue();
        csv.setValue("");
        label.setValue("");
        rois.setValue(new ROI[0]);
        try (ZooBridge zoo = new IcySettings(ZooBridgeClassify.class).connect()) {
            final IcySequence view = new IcySequence(given);
            new SequenceClassifier(zoo).classify(view, Choices.of(words()), (done, total) -> { },
                    new Cancellation(), outcome -> give(view, outcome));
        } catch (ZooBridgeException error) {
            throw new VarException(model, error.getMessage());
        }
    }

    private void give(final IcySequence view, final Outcome outcome) {
        final ResultTable table = outcome.table();
        view.write(outcome.classes());
        csv.setValue(table.csv());
        label.setValue(table.rows().isEmpty() ? "" : table.text(0, "label"));
        rois.setValue(IcySequence.rois(outcome.classes()));
    }

    private Map<String, String> words() {
        final Map<String, String> words = new HashMap<>();
        words.put("model", model.getValue());
        words.put("framework", framework.getValue());
        words.put("target", target.getValue());
        words.put("t", frames.getValue());
        words.put("z", slices.getValue());
        words.put("channels", channels.getValue());
        words.put("top", String.valueOf(top.getValue()));
        words.put("tile_size", String.valueOf(tileSize.getValue()));
        words.put("all_scores", String.valueOf(allScores.getValue()));
        return words;
    }
}
