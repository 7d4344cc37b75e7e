package icy.gui.frame;

/** Signatures of Icy's {@code icy.gui.frame.IcyFrame}; only what is called, and never in the jar. */
public class IcyFrame {

    public IcyFrame(String title, boolean resizable, boolean closable, boolean maximizable, boolean iconifiable) {
        throw new UnsupportedOperationException("signature only");
    }

    public void add(java.awt.Component component) {
        throw new UnsupportedOperationException("signature only");
    }

    public void setSize(int width, int height) {
        throw new UnsupportedOperationException("signature only");
    }

    public void center() {
        throw new UnsupportedOperationException("signature only");
    }

    public void addToDesktopPane() {
        throw new UnsupportedOperationException("signature only");
    }

    public void setVisible(boolean visible) {
        throw new UnsupportedOperationException("signature only");
    }

    public void requestFocus() {
        throw new UnsupportedOperationException("signature only");
    }
}
