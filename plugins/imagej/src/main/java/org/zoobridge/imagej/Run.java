package org.zoobridge.imagej;

import ij.IJ;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.zoobridge.client.Cancellation;
import org.zoobridge.client.Progress;


/** A run that ImageJ's progress bar shows and that the Esc key stops, here and on the server. */
final class Run implements AutoCloseable {

    private static final int POLL_MILLISECONDS = 50;

    private final Cancellation cancellation = new Cancellation();
    private final ScheduledExecutorService keys = Executors.newSingleThreadScheduledExecutor(task -> {
        final Thread thread = new Thread(task, "ZooBridge Esc");
        thread.setDaemon(true);
        return thread;
    });
    private final String doing;

    /**
     * Starts listening for Esc.
     *
     * @param doing for the status bar
     */
    Run(final String doing) {
        this.doing = doing;
        IJ.resetEscape();
        IJ.showStatus(doing);
        IJ.showProgress(0.0);
        keys.scheduleAtFixedRate(() -> {
            if (IJ.escapePressed()) {
                cancellation.cancel();
            }
        }, POLL_MILLISECONDS, POLL_MILLISECONDS, TimeUnit.MILLISECONDS);
    }

    Cancellation cancellation() {
        return cancellation;
    }

    /**
     * Shows how far it has come.
     *
     * @param share  which part of the run this is, from 0
     * @param shares how many parts the run has
     * @return to be told of items done
     */
    Progress progress(final int share, final int shares) {
        return (done, total) -> {
            IJ.showStatus(total > 1 ? doing + " " + done + "/" + total : doing);
            if (total > 0) {
                IJ.showProgress((share + (double) done / total) / shares);
            }
        };
    }

    @Override
    public void close() {
        keys.shutdownNow();
        IJ.showStatus("");
        IJ.showProgress(1.0);
    }
}
