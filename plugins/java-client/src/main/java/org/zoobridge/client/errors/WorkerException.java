package org.zoobridge.client.errors;

/** The worker process ended while it had this work; a new one takes its place. */
public class WorkerException extends ZooBridgeException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public WorkerException(final Facts facts) {
        super(facts);
    }
}
