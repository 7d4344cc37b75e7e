package icy.gui.viewer;

/** Stands for Icy's {@code icy.gui.viewer.Viewer}: shows the first plane. */
public class Viewer extends icy.gui.frame.IcyFrame {

    Viewer() {
        super("", false, false, false, false);
    }

    public int getPositionT() {
        return 0;
    }

    public int getPositionZ() {
        return 0;
    }
}
