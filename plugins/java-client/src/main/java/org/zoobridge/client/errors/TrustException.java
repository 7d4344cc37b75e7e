package org.zoobridge.client.errors;

/** The weights can run code or programs, and nobody has trusted them. */
public class TrustException extends ZooBridgeException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public TrustException(final Facts facts) {
        super(facts);
    }
}
