package icy.gui.frame.progress;

/** Stands for Icy's {@code icy.gui.frame.progress.TaskFrame}. */
public class TaskFrame extends icy.gui.frame.IcyFrame {

    public TaskFrame(String title) {
        super(title, false, false, false, false);
    }
}
