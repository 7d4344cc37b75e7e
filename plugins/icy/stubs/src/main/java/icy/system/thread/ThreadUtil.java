package icy.system.thread;

/** Signatures of Icy's {@code icy.system.thread.ThreadUtil}; only what is called, and never in the jar. */
public class ThreadUtil {

    public static void invokeLater(Runnable task) {
        throw new UnsupportedOperationException("signature only");
    }

    public static void invokeNow(Runnable task) {
        throw new UnsupportedOperationException("signature only");
    }

    public static boolean bgRun(Runnable task) {
        throw new UnsupportedOperationException("signature only");
    }
}
