package icy.undo;

/** Signatures of Icy's {@code icy.undo.IcyUndoableEdit}; only what is called, and never in the jar. */
public interface IcyUndoableEdit {
}
