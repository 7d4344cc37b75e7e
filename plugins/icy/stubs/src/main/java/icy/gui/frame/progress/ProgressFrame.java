package icy.gui.frame.progress;

/** Signatures of Icy's {@code icy.gui.frame.progress.ProgressFrame}; only what is called, and never in the jar. */
public class ProgressFrame extends TaskFrame implements icy.common.listener.ProgressListener, Runnable {

    public ProgressFrame(String message) {
        super(message);
    }

    public void setMessage(String value) {
        throw new UnsupportedOperationException("signature only");
    }

    public void setLength(double length) {
        throw new UnsupportedOperationException("signature only");
    }

    public void setPosition(double position) {
        throw new UnsupportedOperationException("signature only");
    }

    public void close() {
        throw new UnsupportedOperationException("signature only");
    }

    @Override
    public boolean notifyProgress(double position, double length) {
        throw new UnsupportedOperationException("signature only");
    }

    @Override
    public void run() {
        throw new UnsupportedOperationException("signature only");
    }
}
