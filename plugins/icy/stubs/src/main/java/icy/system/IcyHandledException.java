package icy.system;

/** Signatures of Icy's {@code icy.system.IcyHandledException}; only what is called, and never in the jar. */
public class IcyHandledException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public IcyHandledException(String message, Throwable cause) {
        super(message, cause);
    }
}
