package org.zoobridge.client.errors;

/** This very input has ended workers before and is refused from now on. */
public class RefusedInputException extends InvalidRequestException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes the error.
     *
     * @param facts what is known of it
     */
    public RefusedInputException(final Facts facts) {
        super(facts);
    }
}
