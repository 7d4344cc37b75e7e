package icy.plugin.abstract_;

/** Signatures of Icy's {@code icy.plugin.abstract_.PluginActionable}; only what is called, and never in the jar. */
public abstract class PluginActionable extends Plugin
        implements icy.plugin.interface_.PluginImageAnalysis, Runnable {

    @Override
    public void compute() {
        throw new UnsupportedOperationException("signature only");
    }
}
