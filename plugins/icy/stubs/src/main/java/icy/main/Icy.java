package icy.main;

/** Signatures of Icy's {@code icy.main.Icy}; only what is called, and never in the jar. */
public class Icy {

    public static icy.gui.main.MainInterface getMainInterface() {
        throw new UnsupportedOperationException("signature only");
    }

    public static String[] getCommandLinePluginArgs() {
        throw new UnsupportedOperationException("signature only");
    }
}
