package plugins.adufour.vars.lang;

/** Stands for Icy's {@code plugins.adufour.vars.lang.VarInteger} of the EzPlug plugin. */
public class VarInteger extends Var<Integer> {

    public VarInteger(String name, int value) {
        super(name, Integer.class, value);
    }
}
