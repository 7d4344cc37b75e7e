package plugins.zoobridge.blocks;

import icy.plugin.abstract_.Plugin;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

import org.zoobridge.client.OwnWords;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.icy.Choices;
import org.zoobridge.icy.adapter.IcySettings;

import plugins.adufour.blocks.lang.Block;
import plugins.adufour.blocks.util.VarList;
import plugins.adufour.vars.lang.Var;
import plugins.adufour.vars.lang.VarBoolean;
import plugins.adufour.vars.lang.VarInteger;
import plugins.adufour.vars.lang.VarString;
import plugins.adufour.vars.util.VarException;
import plugins.zoobridge.classify.ZooBridgeClassify;

/**
 * What the blocks for Protocols share: the model and its options, the table as CSV, and how a run fails. No class
 * outside this package refers to it, so that the plugin works without Protocols.
 */
abstract class ClassifyBlock extends Plugin implements Block {

    private final VarString model = new VarString("Model", "");
    private final VarString framework = new VarString("Framework", Choices.AUTOMATIC);
    private final VarString channels = new VarString("Channels", "");
    private final VarInteger top = new VarInteger("Classes to name", Choices.DEFAULT_TOP);
    private final VarBoolean allScores = new VarBoolean("All scores", false);
    private final VarString intensity = new VarString("Intensity", Choices.AUTOMATIC);

    private final VarString csv = new VarString("Table (CSV)", "");

    private final Map<String, Var<?>> options = new LinkedHashMap<>();

    ClassifyBlock() {
        options.put("model", model);
        options.put("framework", framework);
        options.put("channels", channels);
        options.put("top", top);
        options.put("all_scores", allScores);
        options.put("intensity", intensity);
    }

    /**
     * Adds an option that only this block has.
     *
     * @param name     its key in {@link Choices}
     * @param variable its value
     */
    final void option(final String name, final Var<?> variable) {
        options.put(name, variable);
    }

    /**
     * Declares options as inputs. The names are saved in protocol files: never rename one, never change the order.
     *
     * @param inputMap the inputs of the block
     * @param names    keys of the options
     */
    final void declareOptions(final VarList inputMap, final String... names) {
        for (final String name : names) {
            inputMap.add(name, options.get(name));
        }
    }

    @Override
    public void declareOutput(final VarList outputMap) {
        outputMap.add("csv", csv);
    }

    @Override
    public final void run() {
        csv.setValue("");
        clear();
        try (ZooBridge zoo = new IcySettings(ZooBridgeClassify.class).connect()) {
            classify(zoo, Choices.of(words()));
        } catch (ZooBridgeException error) {
            throw new VarException(model, OwnWords.sentence(error));
        }
    }

    /** Takes the outputs of the last run away. */
    abstract void clear();

    /**
     * Classifies, and sets the outputs to what was answered.
     *
     * @param zoo     the server
     * @param choices the options
     */
    abstract void classify(ZooBridge zoo, Choices choices);

    /**
     * Sets the output that both blocks have.
     *
     * @param table the table as CSV
     */
    final void give(final String table) {
        csv.setValue(table);
    }

    private Map<String, String> words() {
        final Map<String, String> words = new HashMap<>();
        options.forEach((name, variable) -> words.put(name, String.valueOf(variable.getValue())));
        return words;
    }
}
