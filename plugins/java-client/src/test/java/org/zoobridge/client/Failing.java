package org.zoobridge.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.function.Executable;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;

/** Asserts that something fails for a reason. */
public final class Failing {

    private Failing() {
    }

    /**
     * Runs something that has to fail.
     *
     * @param reason the reason that it fails for
     * @param action what to run
     * @return the error
     */
    public static ZooBridgeException with(final ErrorReason reason, final Executable action) {
        return with(reason, action, "");
    }

    /**
     * Runs something that has to fail.
     *
     * @param reason the reason that it fails for
     * @param action what to run
     * @param what   for the message, if it does not
     * @return the error
     */
    public static ZooBridgeException with(final ErrorReason reason, final Executable action, final String what) {
        final ZooBridgeException error = assertThrows(ZooBridgeException.class, action, what);
        assertEquals(reason, error.reason(), error.getMessage());
        return error;
    }
}
