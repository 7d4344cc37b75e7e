package icy.plugin.interface_;

/** Stands for Icy's {@code icy.plugin.interface_.PluginImageAnalysis}. */
public interface PluginImageAnalysis {

    void compute();
}
