package org.zoobridge.icy.adapter;

import icy.plugin.abstract_.Plugin;
import icy.preferences.PluginsPreferences;
import icy.preferences.XMLPreferences;

import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.connection.ServerChoice;


/** What is kept in Icy's preferences from session to session, for the window and the block alike. */
public final class IcySettings {

    private static final String MODEL = "model";

    private final XMLPreferences kept;

    /**
     * Opens the settings.
     *
     * @param owner the plugin below whose name Icy keeps them
     */
    public IcySettings(final Class<? extends Plugin> owner) {
        kept = PluginsPreferences.root(owner);
    }

    /**
     * The server to use.
     *
     * @return the choice; its address is empty for the server of this user on this machine
     */
    public ServerChoice server() {
        return ServerChoice.read(part -> kept.get(part, ""));
    }

    /**
     * Chooses the server to use from now on.
     *
     * @param choice the server
     * @throws org.zoobridge.client.errors.ZooBridgeException if it cannot be one
     */
    public void server(final ServerChoice choice) {
        choice.checked().keep(kept::put);
    }

    /**
     * Connects to the server that is chosen.
     *
     * @return the connection, to be closed by the caller
     * @throws org.zoobridge.client.errors.ZooBridgeException if none is running
     */
    public ZooBridge connect() {
        return ZooBridge.connect(server().endpoint());
    }

    /**
     * The model of the last run.
     *
     * @return its reference; empty if there was none
     */
    public String model() {
        return kept.get(MODEL, "");
    }

    /**
     * Keeps the model of a run.
     *
     * @param reference {@code id} or {@code id@version}
     */
    public void model(final String reference) {
        kept.put(MODEL, reference);
    }
}
