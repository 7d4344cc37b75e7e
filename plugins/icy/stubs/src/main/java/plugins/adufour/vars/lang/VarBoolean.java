package plugins.adufour.vars.lang;

/** Stands for Icy's {@code plugins.adufour.vars.lang.VarBoolean} of the EzPlug plugin. */
public class VarBoolean extends Var<Boolean> {

    public VarBoolean(String name, boolean value) {
        super(name, Boolean.class, value);
    }
}
