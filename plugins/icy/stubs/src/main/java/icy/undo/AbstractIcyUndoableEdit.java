package icy.undo;

/** Stands for Icy's {@code icy.undo.AbstractIcyUndoableEdit}. */
public abstract class AbstractIcyUndoableEdit implements IcyUndoableEdit {

    public AbstractIcyUndoableEdit(Object source, String name) {
    }

    public boolean isMergeable() {
        return true;
    }

    @Override
    public void undo() {
    }

    @Override
    public void redo() {
    }
}
