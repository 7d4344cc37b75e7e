package plugins.adufour.blocks.util;

import java.util.LinkedHashMap;
import java.util.Map;

import plugins.adufour.vars.lang.Var;

/** Stands for {@code plugins.adufour.blocks.util.VarList} of Icy's Protocols plugin: variables by name, in order. */
public class VarList {

    private final Map<String, Var<?>> variables = new LinkedHashMap<>();

    public void add(String uid, Var<?> variable) {
        variables.put(uid, variable);
    }

    @SuppressWarnings("unchecked")
    public <T> Var<T> get(String uid) {
        return (Var<T>) variables.get(uid);
    }

    /** For tests: the names in the order in which they were added. */
    public Iterable<String> names() {
        return variables.keySet();
    }
}
