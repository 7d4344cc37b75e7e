package plugins.adufour.blocks.util;

/** Signatures of Icy's {@code plugins.adufour.blocks.util.VarList} of the Protocols plugin; only what is called, and never in the jar. */
public class VarList {

    public void add(String uid, plugins.adufour.vars.lang.Var<?> variable) {
        throw new UnsupportedOperationException("signature only");
    }
}
