package icy.gui.frame.progress;

/** Signatures of Icy's {@code icy.gui.frame.progress.TaskFrame}; only what is called, and never in the jar. */
public class TaskFrame extends icy.gui.frame.IcyFrame {

    public TaskFrame(String title) {
        super(title, false, false, false, false);
    }
}
