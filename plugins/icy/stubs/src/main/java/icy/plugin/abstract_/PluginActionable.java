package icy.plugin.abstract_;

/** Stands for Icy's {@code icy.plugin.abstract_.PluginActionable}. */
public abstract class PluginActionable extends Plugin
        implements icy.plugin.interface_.PluginImageAnalysis, Runnable {

    @Override
    public void compute() {
        run();
    }
}
