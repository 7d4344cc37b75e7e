package plugins.adufour.blocks.lang;

/** Signatures of Icy's {@code plugins.adufour.blocks.lang.Block} of the Protocols plugin; only what is called, and never in the jar. */
public interface Block extends Runnable {

    void declareInput(plugins.adufour.blocks.util.VarList inputMap);

    void declareOutput(plugins.adufour.blocks.util.VarList outputMap);
}
