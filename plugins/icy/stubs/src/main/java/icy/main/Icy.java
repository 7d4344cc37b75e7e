package icy.main;

import icy.gui.main.MainInterface;
import icy.sequence.Sequence;

import java.awt.GraphicsEnvironment;

/** Stands for Icy's {@code icy.main.Icy}: the program with at most one open sequence. */
public class Icy {

    private static Sequence active;
    private static String[] arguments = {};

    /** For tests: opens a sequence, and states the words behind {@code -x}. */
    public static void open(Sequence sequence, String... words) {
        active = sequence;
        arguments = words;
    }

    public static MainInterface getMainInterface() {
        return new MainInterface() {
            @Override
            public boolean isHeadLess() {
                return GraphicsEnvironment.isHeadless();
            }

            @Override
            public Sequence getActiveSequence() {
                return active;
            }
        };
    }

    public static String[] getCommandLinePluginArgs() {
        return arguments.clone();
    }
}
