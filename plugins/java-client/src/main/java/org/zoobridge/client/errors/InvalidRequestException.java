package org.zoobridge.client.errors;

/** The request does not make sense, whatever the model. */
public class InvalidRequestException extends ZooBridgeException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public InvalidRequestException(final Facts facts) {
        super(facts);
    }
}
