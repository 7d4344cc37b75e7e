package org.zoobridge.client.errors;

/** The token is missing or wrong. */
public class AuthenticationException extends ZooBridgeException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public AuthenticationException(final Facts facts) {
        super(facts);
    }
}
