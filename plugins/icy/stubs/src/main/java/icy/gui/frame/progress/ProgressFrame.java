package icy.gui.frame.progress;

import icy.common.listener.ProgressListener;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Stands for Icy's {@code icy.gui.frame.progress.ProgressFrame}: keeps what it was given to show. */
public class ProgressFrame extends TaskFrame implements ProgressListener, Runnable {

    /** For tests: what all frames showed, in order. */
    public static final List<String> MESSAGES = new CopyOnWriteArrayList<>();

    private double length;

    public ProgressFrame(String message) {
        super(message);
        MESSAGES.add(message);
    }

    public void setMessage(String value) {
        MESSAGES.add(value);
    }

    public void setLength(double length) {
        this.length = length;
    }

    public void setPosition(double position) {
        notifyProgress(position, length);
    }

    @Override
    public void close() {
        super.close();
    }

    @Override
    public boolean notifyProgress(double position, double length) {
        return true;
    }

    @Override
    public void run() {
    }
}
