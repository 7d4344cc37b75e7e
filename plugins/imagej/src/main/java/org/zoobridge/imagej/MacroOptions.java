package org.zoobridge.imagej;

import ij.Macro;
import ij.macro.Interpreter;

import org.zoobridge.client.errors.InvalidRequestException;
import org.zoobridge.client.errors.ZooBridgeException.Facts;

/** The words that a macro gave with {@code run("Classify...", "model=digits top=3 overlay")}; needs no display. */
public final class MacroOptions {

    private final String options;

    private MacroOptions(final String options) {
        this.options = " " + options + " ";
    }

    /**
     * The words of the running macro.
     *
     * @return null where the command was not called by a macro, or without words, so that a dialog is due
     */
    public static MacroOptions current() {
        final String words = Macro.getOptions();
        return words == null || words.trim().isEmpty() ? null : new MacroOptions(words);
    }

    /**
     * Words that were passed on.
     *
     * @param options as in a macro
     * @return the words
     */
    public static MacroOptions of(final String options) {
        return new MacroOptions(options);
    }

    /**
     * A text, written {@code key=word} or {@code key=[some words]}; {@code key=&name} is a macro's variable.
     *
     * @param key      its key
     * @param absent   what it is if the macro does not state it
     * @return the text
     */
    public String text(final String key, final String absent) {
        final String value = Macro.getValue(options.substring(1), key, null);
        if (value == null) {
            return absent;
        }
        if (value.startsWith("&")) {
            final Interpreter interpreter = Interpreter.getInstance();
            final String variable = interpreter == null ? null : interpreter.getStringVariable(value.substring(1));
            return variable == null ? absent : variable;
        }
        return value;
    }

    /**
     * A whole number.
     *
     * @param key    its key
     * @param absent what it is if the macro does not state it
     * @return the number
     * @throws InvalidRequestException if it is none, or negative
     */
    public int number(final String key, final int absent) {
        final String text = text(key, null);
        if (text == null) {
            return absent;
        }
        try {
            final double number = Double.parseDouble(text);
            if (number >= 0 && number <= Integer.MAX_VALUE && number == Math.rint(number)) {
                return (int) number;
            }
        } catch (NumberFormatException error) {
            throw noNumber(key, text, absent, error);
        }
        throw noNumber(key, text, absent, null);
    }

    private static InvalidRequestException noNumber(final String key, final String text, final int absent,
            final Throwable cause) {
        return new InvalidRequestException(new Facts("\"" + key + "=" + text + "\" is no whole number from 0; write one "
                + "such as " + key + "=" + absent).reason("INVALID_REQUEST").field(key).cause(cause));
    }

    /**
     * Whether a word stands by itself.
     *
     * @param key the word
     * @return true if it does
     */
    public boolean flag(final String key) {
        // What stands in brackets is a value's.
        return options.replaceAll("\\[[^\\]]*\\]", "[]").contains(" " + key + " ");
    }
}
