package icy.gui.frame.progress;

/** Signatures of Icy's {@code icy.gui.frame.progress.CancelableProgressFrame}; only what is called, and never in the jar. */
public class CancelableProgressFrame extends ProgressFrame {

    public CancelableProgressFrame(String message) {
        super(message);
    }

    public boolean isCancelRequested() {
        throw new UnsupportedOperationException("signature only");
    }
}
