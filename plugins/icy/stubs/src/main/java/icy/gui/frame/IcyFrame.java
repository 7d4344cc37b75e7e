package icy.gui.frame;

import java.awt.Component;
import java.awt.EventQueue;
import java.lang.reflect.InvocationTargetException;

import javax.swing.JFrame;

/** Stands for Icy's {@code icy.gui.frame.IcyFrame}: a window; its methods hand over to the event thread themselves. */
public class IcyFrame {

    private JFrame frame;

    public IcyFrame(String title, boolean resizable, boolean closable, boolean maximizable, boolean iconifiable) {
        onEventThread(() -> frame = new JFrame(title));
    }

    protected final void onEventThread(Runnable task) {
        if (EventQueue.isDispatchThread()) {
            task.run();
            return;
        }
        try {
            EventQueue.invokeAndWait(task);
        } catch (InterruptedException | InvocationTargetException error) {
            throw new IllegalStateException(error);
        }
    }

    public void add(Component component) {
        onEventThread(() -> frame.add(component));
    }

    public void setSize(int width, int height) {
        onEventThread(() -> frame.setSize(width, height));
    }

    public void center() {
        onEventThread(() -> frame.setLocationRelativeTo(null));
    }

    public void addToDesktopPane() {
    }

    public void setVisible(boolean visible) {
        onEventThread(() -> frame.setVisible(visible));
    }

    public void requestFocus() {
        onEventThread(() -> frame.requestFocus());
    }

    public void close() {
        onEventThread(() -> frame.dispose());
    }
}
