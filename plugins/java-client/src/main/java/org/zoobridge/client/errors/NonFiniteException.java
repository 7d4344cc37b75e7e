package org.zoobridge.client.errors;

/** The picture holds NaN or infinite pixels. */
public class NonFiniteException extends InvalidRequestException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public NonFiniteException(final Facts facts) {
        super(facts);
    }
}
