package org.zoobridge.imagej;

import ij.Macro;
import ij.macro.Interpreter;

import java.util.Collection;

import org.zoobridge.client.options.Words;


/** The options that a macro gave with {@code run("Classify...", "model=digits top=3 overlay")}; needs no display. */
final class MacroOptions {

    private MacroOptions() {
    }

    /**
     * The options of the running macro.
     *
     * @param command the command's name, for the message about an unknown option
     * @param known   its keys
     * @return null where the command was not called by a macro, or without options, so that a dialog is due
     */
    static Words current(final String command, final Collection<String> known) {
        final String text = Macro.getOptions();
        return text == null || text.trim().isEmpty() ? null
                : Words.of(text, MacroOptions::variable).expecting(command, known);
    }

    private static String variable(final String name) {
        final Interpreter interpreter = Interpreter.getInstance();
        if (interpreter == null) {
            return null;
        }
        final String text = interpreter.getStringVariable(name);
        if (text != null) {
            return text;
        }
        final double number = interpreter.getVariable2(name);
        return Double.isNaN(number) ? null : String.valueOf(number);
    }
}
