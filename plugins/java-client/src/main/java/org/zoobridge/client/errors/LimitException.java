package org.zoobridge.client.errors;

/** The request passes a limit of the server. */
public class LimitException extends InvalidRequestException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public LimitException(final Facts facts) {
        super(facts);
    }
}
