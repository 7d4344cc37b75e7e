package org.zoobridge.client.errors;

/** The caller cancelled. */
public class CancelledException extends ZooBridgeException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public CancelledException(final Facts facts) {
        super(facts);
    }
}
