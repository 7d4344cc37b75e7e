package icy.gui.frame.progress;

/** Stands for Icy's {@code icy.gui.frame.progress.CancelableProgressFrame}. */
public class CancelableProgressFrame extends ProgressFrame {

    /** For tests: whether the button of every frame is pressed. */
    public static volatile boolean pressed;

    public CancelableProgressFrame(String message) {
        super(message);
    }

    public boolean isCancelRequested() {
        return pressed;
    }
}
