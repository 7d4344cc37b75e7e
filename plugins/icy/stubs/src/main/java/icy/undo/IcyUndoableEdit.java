package icy.undo;

/** Stands for Icy's {@code icy.undo.IcyUndoableEdit}. */
public interface IcyUndoableEdit {

    void undo();

    void redo();
}
