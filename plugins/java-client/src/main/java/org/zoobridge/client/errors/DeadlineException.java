package org.zoobridge.client.errors;

/** The deadline passed before the work was done. */
public class DeadlineException extends ZooBridgeException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public DeadlineException(final Facts facts) {
        super(facts);
    }
}
