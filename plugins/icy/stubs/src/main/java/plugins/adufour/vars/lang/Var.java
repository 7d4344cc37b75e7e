package plugins.adufour.vars.lang;

/** Stands for {@code plugins.adufour.vars.lang.Var} of Icy's EzPlug plugin: holds a value. */
public class Var<T> {

    private T value;

    public Var(String name, Class<T> type, T value) {
        this.value = value;
    }

    public T getValue() {
        return value;
    }

    public void setValue(T value) {
        this.value = value;
    }
}
