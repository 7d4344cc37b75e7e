package plugins.adufour.vars.lang;

/** Signatures of Icy's {@code plugins.adufour.vars.lang.VarBoolean} of the EzPlug plugin; only what is called, and never in the jar. */
public class VarBoolean extends Var<Boolean> {

    public VarBoolean(String name, boolean value) {
        super(name, Boolean.class, value);
    }
}
