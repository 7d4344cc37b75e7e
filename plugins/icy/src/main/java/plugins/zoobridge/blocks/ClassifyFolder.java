package plugins.zoobridge.blocks;

import java.nio.file.Paths;

import org.zoobridge.client.Cancellation;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.results.ClassSummary;
import org.zoobridge.icy.Choices;
import org.zoobridge.icy.FolderClassifier;

import plugins.adufour.blocks.util.VarList;
import plugins.adufour.vars.lang.VarBoolean;
import plugins.adufour.vars.lang.VarString;

/** A block for Protocols: classifies every picture of a folder, and outputs the table and the counts by class as CSV. */
public final class ClassifyFolder extends ClassifyBlock {

    private final VarString folder = new VarString("Folder", "");
    private final VarBoolean recursive = new VarBoolean("Include subfolders", false);

    private final VarString classes = new VarString("Classes (CSV)", "");

    /** Makes the block; it connects to nothing until it runs. */
    public ClassifyFolder() {
        option(Choices.SERIES, new VarString("Series of files", ""));
    }

    @Override
    public void declareInput(final VarList inputMap) {
        inputMap.add("folder", folder);
        inputMap.add("recursive", recursive);
        declareOptions(inputMap, "model", "framework", "channels", "top", "all_scores", "intensity", Choices.SERIES);
    }

    @Override
    public void declareOutput(final VarList outputMap) {
        super.declareOutput(outputMap);
        outputMap.add("classes", classes);
    }

    @Override
    void clear() {
        classes.setValue("");
    }

    @Override
    void classify(final ZooBridge zoo, final Choices choices) {
        final FolderClassifier work = new FolderClassifier(zoo, Paths.get(folder.getValue()), recursive.getValue());
        try {
            work.classify(choices, (done, total) -> { }, new Cancellation());
        } finally {
            give(work.table().csv());
            classes.setValue(ClassSummary.csv(work.summary(), 1, "pixel"));
        }
    }
}
