package icy.gui.viewer;

/** Signatures of Icy's {@code icy.gui.viewer.Viewer}; only what is called, and never in the jar. */
public class Viewer extends icy.gui.frame.IcyFrame {

    Viewer() {
        super("", false, false, false, false);
    }

    public int getPositionT() {
        throw new UnsupportedOperationException("signature only");
    }

    public int getPositionZ() {
        throw new UnsupportedOperationException("signature only");
    }
}
