package icy.common.listener;

/** Stands for Icy's {@code icy.common.listener.ProgressListener}. */
public interface ProgressListener {

    boolean notifyProgress(double position, double length);
}
