package org.zoobridge.imagej;

import ij.IJ;
import ij.ImageJ;
import ij.Macro;
import ij.macro.Interpreter;

import java.awt.EventQueue;
import java.nio.file.InvalidPathException;
import java.util.function.Supplier;

import org.zoobridge.client.OwnWords;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;

/** Runs a command away from the event thread, and turns what goes wrong into one dialog with the server's sentence. */
public final class Failure {

    private Failure() {
    }

    /**
     * Runs a command. In a macro it has ended when this returns.
     *
     * @param title   the command's name, for the dialog
     * @param command what to do
     */
    static void guard(final String title, final Runnable command) {
        if (EventQueue.isDispatchThread()) {
            new Thread(() -> run(title, command), "ZooBridge").start();
        } else {
            run(title, command);
        }
    }

    private static void run(final String title, final Runnable command) {
        try {
            command.run();
        } catch (ZooBridgeException error) {
            if (error.reason() != ErrorReason.ERROR_REASON_CANCELLED || error.answered() > 0) {
                show(title, error);
            } else if (IJ.isMacro()) {
                abortQuietly(title + " cancelled");
            }
            if (error.reason() == ErrorReason.ERROR_REASON_CANCELLED) {
                IJ.showStatus(title + " cancelled");
            }
        } catch (InvalidPathException error) {
            show(title, ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                    "\"" + error.getInput() + "\" cannot be the path of a "
                    + "file or folder.").causedBy(error));
        } finally {
            IJ.showProgress(1.0);
        }
    }

    /**
     * Shows an error and ends the macro that runs, if one does. Where nobody can press OK it goes to the log.
     *
     * @param title the command's name
     * @param error what went wrong
     */
    static void show(final String title, final ZooBridgeException error) {
        IJ.showStatus("");
        if (IJ.isMacro() && !someoneWatches()) {
            // IJ.error would put up a dialog even here, and wait for ever.
            IJ.log(title + ": " + sentence(error));
            abortQuietly(error.getMessage());
        } else {
            IJ.error(title, sentence(error));
        }
    }

    /** Ends the macro that runs, without the dialog that ImageJ would put up. */
    private static void abortQuietly(final String reason) {
        final Interpreter interpreter = Interpreter.getInstance();
        if (interpreter != null) {
            interpreter.setIgnoreErrors(true);
            interpreter.abort(reason);
        }
        Macro.abort();
    }

    private static boolean someoneWatches() {
        final ImageJ window = IJ.getInstance();
        return window != null && window.isVisible() && !Interpreter.isBatchMode();
    }

    /**
     * The error's sentence in ImageJ's words, with the menu that helps.
     *
     * @param error what went wrong
     * @return what to show
     */
    public static String sentence(final ZooBridgeException error) {
        final StringBuilder words = new StringBuilder(OwnWords.sentence(error));
        if (error.reason() == ErrorReason.ERROR_REASON_SERVER_UNAVAILABLE) {
            words.append("\n \nPlugins > ZooBridge > Servers and models… starts a server, or takes address, certificate "
                    + "and token of another.");
        } else if (error.reason() == ErrorReason.ERROR_REASON_TOKEN) {
            words.append("\n \nEnter the token in Plugins > ZooBridge > Servers and models….");
        } else if (error.reason() == ErrorReason.ERROR_REASON_UNKNOWN_MODEL) {
            words.append("\n \nPlugins > ZooBridge > Servers and models… lists the models.");
        }
        if (error.answered() > 0) {
            words.append("\n \n").append(error.answered()).append(" of ").append(error.asked())
                    .append(" were done before that; their rows are in the table ").append(Tables.RESULTS).append('.');
        }
        return words.toString();
    }

    /**
     * Asks something of the server with a word in the status bar meanwhile.
     *
     * @param what     for the status bar
     * @param question the question
     * @param <T>      kind of answer
     * @return the answer
     */
    public static <T> T asking(final String what, final Supplier<T> question) {
        IJ.showStatus(what);
        try {
            return question.get();
        } finally {
            IJ.showStatus("");
        }
    }
}
