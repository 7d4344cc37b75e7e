package plugins.adufour.blocks.lang;

/** Stands for Icy's {@code plugins.adufour.blocks.lang.Block} of the Protocols plugin. */
public interface Block extends Runnable {

    void declareInput(plugins.adufour.blocks.util.VarList inputMap);

    void declareOutput(plugins.adufour.blocks.util.VarList outputMap);
}
