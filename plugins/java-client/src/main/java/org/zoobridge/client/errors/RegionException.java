package org.zoobridge.client.errors;

/** A region or plane lies outside the picture, or its mask does not match its box. */
public class RegionException extends InvalidRequestException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public RegionException(final Facts facts) {
        super(facts);
    }
}
