package org.zoobridge.client.errors;

import java.util.Collections;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

import org.zoobridge.v1.ErrorReason;

/**
 * Any error of a ZooBridge server, or of this client.
 * <p>
 * Its message is a sentence for the person at the screen that names the fix. Its reason is one of the contract's, so
 * that a program can tell a missing model from a picture that does not fit:
 * <pre>{@code
 * catch (ZooBridgeException error) {
 *     if (error.reason() == ErrorReason.ERROR_REASON_UNKNOWN_MODEL) …
 * }
 * }</pre>
 */
public final class ZooBridgeException extends RuntimeException {

    private static final long serialVersionUID = 1L;
    private static final String PREFIX = "ERROR_REASON_";

    private final ErrorReason reason;
    private String field = "";
    private transient Map<String, String> metadata = Collections.emptyMap();
    private double retryAfterSeconds = -1;
    private int answered;
    private int asked;

    private ZooBridgeException(final ErrorReason reason, final String message) {
        super(message);
        this.reason = reason;
    }

    /**
     * Makes an error.
     *
     * @param reason  what is wrong
     * @param message a sentence that names the fix
     * @return the error, to be thrown
     */
    public static ZooBridgeException of(final ErrorReason reason, final String message) {
        return new ZooBridgeException(reason, message);
    }

    /**
     * The error of a call that was cancelled.
     *
     * @param cause what ended it; may be null
     * @return the error, to be thrown
     */
    public static ZooBridgeException cancelled(final Throwable cause) {
        return of(ErrorReason.ERROR_REASON_CANCELLED, "Cancelled.").causedBy(cause);
    }

    /**
     * Whether an error was caused by one of a kind.
     *
     * @param failure the error
     * @param kind    the kind
     * @return whether the error itself, or what led to it, is of that kind
     */
    public static boolean isCausedBy(final Throwable failure, final Class<? extends Throwable> kind) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (kind.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }

    /** Adds the request's field that is at fault. */
    public ZooBridgeException field(final String path) {
        field = path;
        return this;
    }

    /** Adds what led to it; nothing if that is null. */
    public ZooBridgeException causedBy(final Throwable cause) {
        if (cause != null) {
            initCause(cause);
        }
        return this;
    }

    /** Adds further facts by name. */
    public ZooBridgeException metadata(final Map<String, String> facts) {
        metadata = Collections.unmodifiableMap(new TreeMap<>(facts));
        return this;
    }

    /** Adds after how many seconds to try again. */
    public ZooBridgeException retryAfterSeconds(final double seconds) {
        retryAfterSeconds = seconds;
        return this;
    }

    /**
     * What is wrong, as the contract lists it.
     *
     * @return the reason; of one that this client does not know, the general one of its status code
     */
    public ErrorReason reason() {
        return reason;
    }

    /**
     * The reason as servers and other clients write it.
     *
     * @return such as {@code UNKNOWN_MODEL}
     */
    public String reasonName() {
        return reason.name().substring(PREFIX.length());
    }

    /**
     * The request's field that is at fault.
     *
     * @return a path such as {@code image.pixels.axes}; empty if none is
     */
    public String field() {
        return field;
    }

    /**
     * Further facts by name.
     *
     * @return facts such as {@code model}; empty if there are none
     */
    public Map<String, String> metadata() {
        return metadata == null ? Collections.<String, String>emptyMap() : metadata;
    }

    /**
     * After how long the same call may succeed.
     *
     * @return seconds; empty where retrying does not help
     */
    public OptionalDouble retryAfterSeconds() {
        return retryAfterSeconds < 0 ? OptionalDouble.empty() : OptionalDouble.of(retryAfterSeconds);
    }

    /**
     * Notes how far a call of many items or pictures had come.
     *
     * @param done answered before this happened
     * @param all  asked for
     */
    public void endedAfter(final int done, final int all) {
        answered = done;
        asked = all;
    }

    /**
     * How many items or pictures were answered before this happened; the call's owner still has them.
     *
     * @return a number; 0 also where nothing is known of it
     */
    public int answered() {
        return answered;
    }

    /**
     * How many items or pictures were asked for.
     *
     * @return a number; 0 where nothing is known of it
     */
    public int asked() {
        return asked;
    }
}
