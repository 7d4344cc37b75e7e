package org.zoobridge.client.errors;

/** The picture is sound but does not fit the model. */
public class ModelInputException extends InvalidRequestException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public ModelInputException(final Facts facts) {
        super(facts);
    }
}
