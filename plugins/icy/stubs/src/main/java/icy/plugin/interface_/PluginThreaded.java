package icy.plugin.interface_;

/** Signatures of Icy's {@code icy.plugin.interface_.PluginThreaded}; only what is called, and never in the jar. */
public interface PluginThreaded extends Runnable, PluginStartAsThread {
}
