package org.zoobridge.client.errors;

/** The picture cannot be decoded, or its description does not match its data. */
public class ImageFormatException extends InvalidRequestException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public ImageFormatException(final Facts facts) {
        super(facts);
    }
}
