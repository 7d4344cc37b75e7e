package org.zoobridge.client.errors;

/** The framework is missing, or too old to be safe. */
public class FrameworkException extends ZooBridgeException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public FrameworkException(final Facts facts) {
        super(facts);
    }
}
