package org.zoobridge.client.errors;

/** No model of that name or version is in the zoo. */
public class UnknownModelException extends ZooBridgeException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public UnknownModelException(final Facts facts) {
        super(facts);
    }
}
