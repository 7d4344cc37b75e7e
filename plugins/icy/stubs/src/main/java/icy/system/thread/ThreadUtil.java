package icy.system.thread;

import java.awt.EventQueue;
import java.lang.reflect.InvocationTargetException;

/** Stands for Icy's {@code icy.system.thread.ThreadUtil}. */
public class ThreadUtil {

    public static void invokeLater(Runnable task) {
        EventQueue.invokeLater(task);
    }

    public static void invokeNow(Runnable task) {
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

    public static boolean bgRun(Runnable task) {
        new Thread(task, "background").start();
        return true;
    }
}
