package icy.plugin.interface_;

/** Stands for Icy's {@code icy.plugin.interface_.PluginStartAsThread}. */
public interface PluginStartAsThread {
}
