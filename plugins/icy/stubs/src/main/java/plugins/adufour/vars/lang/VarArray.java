package plugins.adufour.vars.lang;

/** Stands for Icy's {@code plugins.adufour.vars.lang.VarArray} of the EzPlug plugin. */
public class VarArray<A> extends Var<A[]> {

    public VarArray(String name, Class<A[]> type, A[] value) {
        super(name, type, value);
    }
}
