package plugins.adufour.vars.lang;

/** Signatures of Icy's {@code plugins.adufour.vars.lang.Var} of the EzPlug plugin; only what is called, and never in the jar. */
public class Var<T> {

    public Var(String name, Class<T> type, T value) {
    }

    public T getValue() {
        throw new UnsupportedOperationException("signature only");
    }

    public void setValue(T value) {
        throw new UnsupportedOperationException("signature only");
    }
}
