package plugins.adufour.vars.lang;

/** Signatures of Icy's {@code plugins.adufour.vars.lang.VarString} of the EzPlug plugin; only what is called, and never in the jar. */
public class VarString extends Var<String> {

    public VarString(String name, String value) {
        super(name, String.class, value);
    }
}
