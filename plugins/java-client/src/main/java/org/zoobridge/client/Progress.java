package org.zoobridge.client;

/** Is told how far a call has come, on the thread that made the call. */
@FunctionalInterface
public interface Progress {

    /**
     * Some items are done.
     *
     * @param done  items answered so far
     * @param total items to answer, as far as known; 0 if not known yet
     */
    void advanced(int done, int total);
}
