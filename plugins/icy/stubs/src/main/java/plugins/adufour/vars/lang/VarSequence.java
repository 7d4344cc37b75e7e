package plugins.adufour.vars.lang;

/** Stands for Icy's {@code plugins.adufour.vars.lang.VarSequence} of the EzPlug plugin. */
public class VarSequence extends Var<icy.sequence.Sequence> {

    public VarSequence(String name, icy.sequence.Sequence value) {
        super(name, icy.sequence.Sequence.class, value);
    }
}
