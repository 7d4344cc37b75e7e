package org.zoobridge.client.errors;

/** The call changes the zoo or the server, and the token does not allow that. */
public class ManagingPermissionException extends ZooBridgeException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public ManagingPermissionException(final Facts facts) {
        super(facts);
    }
}
