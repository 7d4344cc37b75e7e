package icy.plugin.interface_;

/** Stands for Icy's {@code icy.plugin.interface_.PluginThreaded}. */
public interface PluginThreaded extends Runnable, PluginStartAsThread {
}
