package icy.plugin.interface_;

/** Signatures of Icy's {@code icy.plugin.interface_.PluginStartAsThread}; only what is called, and never in the jar. */
public interface PluginStartAsThread {
}
