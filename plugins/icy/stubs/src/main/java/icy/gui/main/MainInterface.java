package icy.gui.main;

import icy.sequence.Sequence;

/** Stands for Icy's {@code icy.gui.main.MainInterface}. */
public interface MainInterface {

    boolean isHeadLess();

    Sequence getActiveSequence();
}
