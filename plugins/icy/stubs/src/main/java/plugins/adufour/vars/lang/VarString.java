package plugins.adufour.vars.lang;

/** Stands for Icy's {@code plugins.adufour.vars.lang.VarString} of the EzPlug plugin. */
public class VarString extends Var<String> {

    public VarString(String name, String value) {
        super(name, String.class, value);
    }
}
