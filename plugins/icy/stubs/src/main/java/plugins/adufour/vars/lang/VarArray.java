package plugins.adufour.vars.lang;

/** Signatures of Icy's {@code plugins.adufour.vars.lang.VarArray} of the EzPlug plugin; only what is called, and never in the jar. */
public class VarArray<A> extends Var<A[]> {

    public VarArray(String name, Class<A[]> type, A[] value) {
        super(name, type, value);
    }
}
