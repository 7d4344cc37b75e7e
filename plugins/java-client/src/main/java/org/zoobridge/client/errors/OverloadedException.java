package org.zoobridge.client.errors;

/** Too much work is waiting, or the memory budget is used up. */
public class OverloadedException extends ZooBridgeException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public OverloadedException(final Facts facts) {
        super(facts);
    }
}
