package icy.gui.main;

/** Signatures of Icy's {@code icy.gui.main.MainInterface}; only what is called, and never in the jar. */
public interface MainInterface {

    boolean isHeadLess();
}
