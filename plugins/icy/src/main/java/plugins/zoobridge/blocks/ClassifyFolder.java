package plugins.zoobridge.blocks;

import icy.plugin.abstract_.Plugin;

import java.nio.file.Paths;
import java.util.HashMap;
import java.util.Map;

import org.zoobridge.client.Cancellation;
import org.zoobridge.client.ClassSummary;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.ZooBridgeException;
import org.zoobridge.icy.Choices;
import org.zoobridge.icy.FolderClassifier;
import org.zoobridge.icy.adapter.IcySettings;

import plugins.adufour.blocks.lang.Block;
import plugins.adufour.blocks.util.VarList;
import plugins.adufour.vars.lang.VarBoolean;
import plugins.adufour.vars.lang.VarInteger;
import plugins.adufour.vars.lang.VarString;
import plugins.adufour.vars.util.VarException;
import plugins.zoobridge.classify.ZooBridgeClassify;

/**
 * A block for Protocols: classifies every picture of a folder, and gives out the table and the counts by class as CSV.
 * No other class refers to it, so that the plugin works without Protocols.
 */
public final class ClassifyFolder extends Plugin implements Block {

    private final VarString folder = new VarString("Folder", "");
    private final VarBoolean recursive = new VarBoolean("Include subfolders", false);
    private final VarString model = new VarString("Model", "");
    private final VarString framework = new VarString("Framework", Choices.AUTOMATIC);
    private final VarString channels = new VarString("Channels", "");
    private final VarInteger top = new VarInteger("Classes to name", Choices.DEFAULT_TOP);
    private final VarBoolean allScores = new VarBoolean("All scores", false);

    private final VarString csv = new VarString("Table (CSV)", "");
    private final VarString classes = new VarString("Classes (CSV)", "");

    @Override
    public void declareInput(final VarList inputMap) {
        // The names are saved in protocol files: never rename one, never change the order.
        inputMap.add("folder", folder);
        inputMap.add("recursive", recursive);
        inputMap.add("model", model);
        inputMap.add("framework", framework);
        inputMap.add("channels", channels);
        inputMap.add("top", top);
        inputMap.add("all_scores", allScores);
    }

    @Override
    public void declareOutput(final VarList outputMap) {
        outputMap.add("csv", csv);
        outputMap.add("classes", classes);
    }

    @Override
    public void run() {
        csv.setValue("");
        classes.setValue("");
        try (ZooBridge zoo = new IcySettings(ZooBridgeClassify.class).connect()) {
            final FolderClassifier work = new FolderClassifier(zoo, Paths.get(folder.getValue()),
                    recursive.getValue());
            try {
                work.classify(Choices.of(words()), (done, total) -> { }, new Cancellation());
            } finally {
                csv.setValue(work.table().csv());
                classes.setValue(ClassSummary.csv(work.summary(), 1, "pixel"));
            }
        } catch (ZooBridgeException error) {
            throw new VarException(model, error.getMessage());
        }
    }

    private Map<String, String> words() {
        final Map<String, String> words = new HashMap<>();
        words.put("model", model.getValue());
        words.put("framework", framework.getValue());
        words.put("channels", channels.getValue());
        words.put("top", String.valueOf(top.getValue()));
        words.put("all_scores", String.valueOf(allScores.getValue()));
        return words;
    }
}
