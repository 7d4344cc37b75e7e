package org.zoobridge.client.options;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;


/** A choice among few, by the name that dialogs and macros write, such as a target. */
public interface Named {

    /**
     * The name.
     *
     * @return such as {@code ROI Manager}
     */
    String label();

    /**
     * The choice of a name.
     *
     * @param choices all choices
     * @param text    a name; upper and lower case are the same, and so are spaces and underscores
     * @param field   what is chosen, for the message: {@code target}
     * @param <T>     kind of choice
     * @return the choice
     * @throws ZooBridgeException if none has that name, with the names there are
     */
    static <T extends Named> T of(final T[] choices, final String text, final String field) {
        final List<String> known = new ArrayList<>();
        for (final T choice : choices) {
            if (normal(choice.label()).equals(normal(text))) {
                return choice;
            }
            known.add(choice.label());
        }
        throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                "There is no " + field + " \"" + text + "\". Write one of: "
                + String.join(", ", known) + ".").field(field);
    }

    /**
     * A name without what does not matter in it.
     *
     * @param text a name
     * @return lower case, with spaces for underscores
     */
    static String normal(final String text) {
        return text.trim().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
