package org.zoobridge.imagej;

import ij.Prefs;

import org.zoobridge.client.Endpoint;
import org.zoobridge.client.ZooBridge;

/** The one channel that lives as long as the program, remade only when another server is to be spoken to. */
public final class Connection {

    /** Preference that names a server; empty for the one found by its connection file. */
    static final String ADDRESS = "zoobridge.address";

    private static ZooBridge open;

    private Connection() {
    }

    /**
     * The server to use now: the address of <i>Servers and models…</i> if one is set there, else the one of this user
     * on this machine.
     *
     * @return the connection; not to be closed by the caller
     * @throws org.zoobridge.client.errors.ServerUnavailableException if none is running
     */
    public static synchronized ZooBridge current() {
        final String named = Prefs.get(ADDRESS, "");
        final Endpoint endpoint = named.isEmpty() ? Endpoint.discover() : Endpoint.named(named);
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
