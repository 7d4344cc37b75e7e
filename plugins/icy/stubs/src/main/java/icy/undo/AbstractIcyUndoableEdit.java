package icy.undo;

/** Signatures of Icy's {@code icy.undo.AbstractIcyUndoableEdit}; only what is called, and never in the jar. */
public abstract class AbstractIcyUndoableEdit implements IcyUndoableEdit {

    public AbstractIcyUndoableEdit(Object source, String name) {
    }

    public boolean isMergeable() {
        throw new UnsupportedOperationException("signature only");
    }

    public void undo() {
        throw new UnsupportedOperationException("signature only");
    }

    public void redo() {
        throw new UnsupportedOperationException("signature only");
    }
}
