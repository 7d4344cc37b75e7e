package plugins.adufour.vars.lang;

/** Signatures of Icy's {@code plugins.adufour.vars.lang.VarSequence} of the EzPlug plugin; only what is called, and never in the jar. */
public class VarSequence extends Var<icy.sequence.Sequence> {

    public VarSequence(String name, icy.sequence.Sequence value) {
        super(name, icy.sequence.Sequence.class, value);
    }
}
