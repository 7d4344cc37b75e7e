package plugins.adufour.vars.util;

/** Stands for Icy's {@code plugins.adufour.vars.util.VarException} of the EzPlug plugin. */
public class VarException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    public VarException(plugins.adufour.vars.lang.Var<?> source, String message) {
        super(message);
    }
}
