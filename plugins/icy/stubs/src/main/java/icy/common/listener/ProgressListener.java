package icy.common.listener;

/** Signatures of Icy's {@code icy.common.listener.ProgressListener}; only what is called, and never in the jar. */
public interface ProgressListener {

    boolean notifyProgress(double position, double length);
}
