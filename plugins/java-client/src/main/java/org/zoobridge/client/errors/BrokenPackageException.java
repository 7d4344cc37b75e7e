package org.zoobridge.client.errors;

/** The model package cannot be used as it is. */
public class BrokenPackageException extends ZooBridgeException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public BrokenPackageException(final Facts facts) {
        super(facts);
    }
}
