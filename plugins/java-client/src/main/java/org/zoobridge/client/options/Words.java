package org.zoobridge.client.options;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;


/**
 * Options written as {@code key=word key=[some words] flag}, the way ImageJ's macros write them.
 * <p>
 * A value ends at a space unless it stands in brackets (which may nest) or single quotes; what stands inside is never
 * read as a key.
 */
public final class Words {

    private static final String YES = "true";

    private final Map<String, String> values;
    private final UnaryOperator<String> variables;

    private Words(final Map<String, String> values, final UnaryOperator<String> variables) {
        this.values = values;
        this.variables = variables;
    }

    /**
     * Reads options.
     *
     * @param text the options
     * @return the options by key
     * @throws ZooBridgeException if a key is given twice or a bracket is not closed
     */
    public static Words of(final String text) {
        return of(text, name -> null);
    }

    /**
     * Reads options that may name a macro's variables ({@code key=&name}).
     *
     * @param text      the options
     * @param variables gives a variable's value; null where there is none of that name
     * @return the options by key
     * @throws ZooBridgeException if a key is given twice or a bracket is not closed
     */
    public static Words of(final String text, final UnaryOperator<String> variables) {
        final Map<String, String> values = new LinkedHashMap<>();
        int at = 0;
        while (at < text.length()) {
            if (Character.isWhitespace(text.charAt(at))) {
                at++;
                continue;
            }
            int end = at;
            while (end < text.length() && text.charAt(end) != '=' && !Character.isWhitespace(text.charAt(end))) {
                end++;
            }
            final String key = text.substring(at, end);
            final boolean flag = end == text.length() || text.charAt(end) != '=';
            at = flag ? end : end + 1;
            final int stop = flag ? end : valueEnd(text, at, key);
            if (values.put(key, flag ? YES : text.substring(at, stop)) != null) {
                throw wrong("The option \"" + key + "\" is given twice; give it once.", key);
            }
            at = stop;
        }
        values.replaceAll((key, value) -> unquoted(value));
        return new Words(values, variables);
    }

    /**
     * Takes options that are known by key already.
     *
     * @param values values by key
     * @return the options
     */
    public static Words of(final Map<String, String> values) {
        return new Words(new LinkedHashMap<>(values), name -> null);
    }

    private static int valueEnd(final String text, final int start, final String key) {
        final char first = start < text.length() ? text.charAt(start) : ' ';
        if (first == '\'') {
            final int close = text.indexOf('\'', start + 1);
            if (close < 0) {
                throw wrong("The quote after \"" + key + "=\" is not closed; add a '.", key);
            }
            return close + 1;
        }
        int end = start;
        int depth = 0;
        while (end < text.length() && (depth > 0 || !Character.isWhitespace(text.charAt(end)))) {
            if (first == '[') {
                depth += text.charAt(end) == '[' ? 1 : text.charAt(end) == ']' ? -1 : 0;
            }
            end++;
            if (first == '[' && depth == 0) {
                return end;
            }
        }
        if (depth > 0) {
            throw wrong("The bracket after \"" + key + "=\" is not closed; add a ].", key);
        }
        return end;
    }

    private static String unquoted(final String value) {
        final boolean quoted = value.length() > 1 && (value.startsWith("[") || value.startsWith("'"));
        return quoted ? value.substring(1, value.length() - 1) : value;
    }

    /**
     * Refuses keys that a command does not have.
     *
     * @param command the command's name
     * @param known   its keys
     * @return this
     * @throws ZooBridgeException if there is another key, with the known ones and the likeliest
     */
    public Words expecting(final String command, final Collection<String> known) {
        for (final String key : values.keySet()) {
            if (!known.contains(key)) {
                final Optional<String> meant = known.stream().filter(one -> distance(one, key) <= 2).findFirst();
                throw wrong(command + " has no option \"" + key + "\"." + meant.map(one -> " Did you mean \"" + one
                        + "\"?").orElse("") + " It has: " + String.join(", ", known) + ".", key);
            }
        }
        return this;
    }

    /** Levenshtein's edit distance. */
    private static int distance(final String one, final String other) {
        int[] before = new int[other.length() + 1];
        for (int i = 0; i < before.length; i++) {
            before[i] = i;
        }
        for (int row = 1; row <= one.length(); row++) {
            final int[] next = new int[before.length];
            next[0] = row;
            for (int i = 1; i < next.length; i++) {
                final int swap = before[i - 1] + (one.charAt(row - 1) == other.charAt(i - 1) ? 0 : 1);
                next[i] = Math.min(swap, Math.min(before[i], next[i - 1]) + 1);
            }
            before = next;
        }
        return before[other.length()];
    }

    /**
     * A text.
     *
     * @param key    its key
     * @param absent what it is where the key is not given
     * @return the text
     * @throws ZooBridgeException if it names a variable that does not exist
     */
    public String text(final String key, final String absent) {
        final String value = values.get(key);
        if (value == null || !value.startsWith("&")) {
            return value == null ? absent : value;
        }
        final String variable = variables.apply(value.substring(1));
        if (variable == null) {
            throw wrong("\"" + key + "=" + value + "\" names a variable that the macro does not have.", key);
        }
        return variable;
    }

    /**
     * A whole number.
     *
     * @param key    its key
     * @param absent what it is where the key is not given, or given without a value
     * @return the number
     * @throws ZooBridgeException if it is negative or not a whole number
     */
    public int number(final String key, final int absent) {
        final String text = text(key, "").trim();
        if (text.isEmpty()) {
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

    private static ZooBridgeException noNumber(final String key, final String text, final int absent,
            final Throwable cause) {
        return ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                "\"" + key + "=" + text + "\" is not a whole number from 0. "
                + "Write one, such as " + key + "=" + absent + ".").field(key).causedBy(cause);
    }

    /**
     * Whether a word stands by itself, or as {@code key=true}.
     *
     * @param key the word
     * @return true if it does
     * @throws ZooBridgeException if it has another value than {@code true} or {@code false}
     */
    public boolean flag(final String key) {
        final String value = text(key, "false").trim();
        if (!value.equalsIgnoreCase(YES) && !value.equalsIgnoreCase("false")) {
            throw wrong("\"" + key + "=" + value + "\" is neither true nor false. Write \"" + key
                    + "\" alone, or leave it out.", key);
        }
        return value.equalsIgnoreCase(YES);
    }

    /**
     * Whether a key is given.
     *
     * @param key the key
     * @return true if it is
     */
    public boolean has(final String key) {
        return values.containsKey(key);
    }

    /**
     * A list of words.
     *
     * @param key its key
     * @return the words between commas or spaces, each once; empty where the key is not given
     */
    public List<String> list(final String key) {
        return split(text(key, ""));
    }

    /**
     * Splits a list of words.
     *
     * @param text words between commas or spaces
     * @return the words in order, each once
     */
    public static List<String> split(final String text) {
        final List<String> words = new ArrayList<>();
        for (final String word : text.trim().split("[,\\s]+")) {
            if (!word.isEmpty() && !words.contains(word)) {
                words.add(word);
            }
        }
        return words;
    }

    private static ZooBridgeException wrong(final String sentence, final String key) {
        return ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST, sentence).field(key);
    }
}
