package org.zoobridge.client;

import java.util.ArrayList;
import java.util.List;

/**
 * A wish to stop, given from any thread and obeyed here and on the server.
 * <p>
 * One object may serve several calls; once cancelled it stays so.
 */
public final class Cancellation {

    private final List<Runnable> actions = new ArrayList<>();
    private boolean cancelled;

    /** Cancels the calls that use this. Calling it again does nothing. */
    public void cancel() {
        final List<Runnable> pending;
        synchronized (actions) {
            if (cancelled) {
                return;
            }
            cancelled = true;
            pending = new ArrayList<>(actions);
            actions.clear();
        }
        for (final Runnable action : pending) {
            action.run();
        }
    }

    /**
     * Whether {@link #cancel()} was called.
     *
     * @return true once it was
     */
    public boolean isCancelled() {
        synchronized (actions) {
            return cancelled;
        }
    }

    /**
     * Runs an action when cancelled, or now if that has happened.
     *
     * @param action run by the thread that cancels
     */
    public void onCancel(final Runnable action) {
        synchronized (actions) {
            if (!cancelled) {
                actions.add(action);
                return;
            }
        }
        action.run();
    }

    /**
     * Takes back an action that has become useless.
     *
     * @param action as given to {@link #onCancel}
     */
    public void forget(final Runnable action) {
        synchronized (actions) {
            actions.remove(action);
        }
    }
}
