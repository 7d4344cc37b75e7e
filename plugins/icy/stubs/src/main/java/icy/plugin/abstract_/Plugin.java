package icy.plugin.abstract_;

import icy.main.Icy;
import icy.sequence.Sequence;

/** Stands for Icy's {@code icy.plugin.abstract_.Plugin}. */
public abstract class Plugin {

    public Plugin() {
    }

    public Sequence getActiveSequence() {
        return Icy.getMainInterface().getActiveSequence();
    }
}
