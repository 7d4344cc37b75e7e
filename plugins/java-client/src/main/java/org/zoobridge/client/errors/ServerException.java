package org.zoobridge.client.errors;

/** A fault of ZooBridge itself; please report it. */
public class ServerException extends ZooBridgeException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public ServerException(final Facts facts) {
        super(facts);
    }
}
