package plugins.adufour.vars.lang;

/** Signatures of Icy's {@code plugins.adufour.vars.lang.VarInteger} of the EzPlug plugin; only what is called, and never in the jar. */
public class VarInteger extends Var<Integer> {

    public VarInteger(String name, int value) {
        super(name, Integer.class, value);
    }
}
