package org.zoobridge.client.errors;

/** The framework failed while it loaded or ran the network. */
public class BackendException extends ZooBridgeException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public BackendException(final Facts facts) {
        super(facts);
    }
}
