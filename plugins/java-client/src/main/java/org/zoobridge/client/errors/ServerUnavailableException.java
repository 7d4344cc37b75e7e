package org.zoobridge.client.errors;

/** No server answers. */
public class ServerUnavailableException extends ZooBridgeException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public ServerUnavailableException(final Facts facts) {
        super(facts);
    }
}
