package icy.plugin.interface_;

/** Signatures of Icy's {@code icy.plugin.interface_.PluginImageAnalysis}; only what is called, and never in the jar. */
public interface PluginImageAnalysis {

    void compute();
}
