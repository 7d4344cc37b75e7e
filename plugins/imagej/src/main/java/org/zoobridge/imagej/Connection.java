package org.zoobridge.imagej;

import ij.Prefs;

import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.connection.Endpoint;
import org.zoobridge.client.connection.ServerChoice;


/** The one channel that lives as long as the program, remade only when another server is to be spoken to. */
public final class Connection {

    /** Preferences: {@code zoobridge.address}, {@code zoobridge.tls}, {@code zoobridge.ca}, {@code zoobridge.token}. */
    private static final String PREFIX = "zoobridge.";

    private static ZooBridge open;

    private Connection() {
    }

    /**
     * The server that was chosen in <i>Servers and models…</i>.
     *
     * @return the choice; its address is empty for the server of this user on this machine
     */
    static ServerChoice choice() {
        return ServerChoice.read(part -> Prefs.get(PREFIX + part, ""));
    }

    /**
     * Chooses the server to use from now on.
     *
     * @param choice the server
     * @throws org.zoobridge.client.errors.ZooBridgeException if it cannot be one
     */
    static void choose(final ServerChoice choice) {
        choice.checked().keep((part, text) -> Prefs.set(PREFIX + part, text));
    }

    /**
     * The server to use now: the one of <i>Servers and models…</i> if one is named there, else the one of this user
     * on this machine.
     *
     * @return the connection; not to be closed by the caller
     * @throws org.zoobridge.client.errors.ZooBridgeException if none is running
     */
    public static synchronized ZooBridge current() {
        final Endpoint endpoint = choice().endpoint();
        if (open != null && !open.endpoint().equals(endpoint)) {
            open.close();
            open = null;
        }
        if (open == null) {
            open = ZooBridge.connect(endpoint);
        }
        return open;
    }
}
