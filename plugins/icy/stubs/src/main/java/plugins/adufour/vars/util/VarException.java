package plugins.adufour.vars.util;

/** Signatures of Icy's {@code plugins.adufour.vars.util.VarException} of the EzPlug plugin; only what is called, and never in the jar. */
public class VarException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    public VarException(plugins.adufour.vars.lang.Var<?> source, String message) {
        super(message);
    }
}
