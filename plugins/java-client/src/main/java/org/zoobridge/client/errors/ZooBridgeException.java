package org.zoobridge.client.errors;

import java.util.Collections;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * Any error that ZooBridge answers with.
 * <p>
 * Its message is a sentence for the person at the screen that names the fix. Each subclass stands for one
 * stable reason, so that a program can tell a missing model from a picture that does not fit.
 */
public class ZooBridgeException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String reason;
    private final String field;
    private final transient Map<String, String> metadata;
    private final double retryAfterSeconds;
    private int answered;
    private int asked;

    /**
     * Makes an error from what a server said.
     *
     * @param facts what is known of it
     */
    public ZooBridgeException(final Facts facts) {
        super(facts.message, facts.cause);
        this.reason = facts.reason;
        this.field = facts.field;
        this.metadata = Collections.unmodifiableMap(new TreeMap<>(facts.metadata));
        this.retryAfterSeconds = facts.retryAfterSeconds;
    }

    /**
     * The stable reason, such as {@code UNKNOWN_MODEL}.
     *
     * @return the reason; empty if the server stated none
     */
    public String reason() {
        return reason;
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

    /** What is known of an error before it has its type. */
    public static final class Facts {

        private final String message;
        private String reason = "";
        private String field = "";
        private Map<String, String> metadata = Collections.emptyMap();
        private double retryAfterSeconds = -1;
        private Throwable cause;

        /**
         * Starts with the sentence.
         *
         * @param message sentence that names the fix
         */
        public Facts(final String message) {
            this.message = message;
        }

        /**
         * Adds the stable reason.
         *
         * @param value such as {@code UNKNOWN_MODEL}
         * @return this
         */
        public Facts reason(final String value) {
            reason = value;
            return this;
        }

        /**
         * Adds the field at fault.
         *
         * @param value its path
         * @return this
         */
        public Facts field(final String value) {
            field = value;
            return this;
        }

        /**
         * Adds further facts.
         *
         * @param value facts by name
         * @return this
         */
        public Facts metadata(final Map<String, String> value) {
            metadata = value;
            return this;
        }

        /**
         * Adds after how long a retry may succeed.
         *
         * @param value seconds; negative where retrying does not help
         * @return this
         */
        public Facts retryAfterSeconds(final double value) {
            retryAfterSeconds = value;
            return this;
        }

        /**
         * Adds what led to it.
         *
         * @param value the cause
         * @return this
         */
        public Facts cause(final Throwable value) {
            cause = value;
            return this;
        }
    }
}
