package icy.plugin.abstract_;

/** Signatures of Icy's {@code icy.plugin.abstract_.Plugin}; only what is called, and never in the jar. */
public abstract class Plugin {

    public Plugin() {
    }

    public icy.sequence.Sequence getActiveSequence() {
        throw new UnsupportedOperationException("signature only");
    }
}
