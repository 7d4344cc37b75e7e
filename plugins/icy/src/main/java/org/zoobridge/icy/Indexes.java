package org.zoobridge.icy;

import java.util.Set;
import java.util.TreeSet;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;


/** Positions along an axis as people write them: {@code all}, {@code 3}, {@code 0-4,7}. */
final class Indexes {

    private Indexes() {
    }

    /**
     * Reads positions.
     *
     * @param axis  the axis' letter, for messages
     * @param text  positions from 0; empty for the one that is shown
     * @param shown the one that is shown; -1 for all
     * @param size  length of the axis
     * @return sorted positions
     * @throws ZooBridgeException if they cannot be read, or lie outside
     */
    static int[] parse(final char axis, final String text, final int shown, final int size) {
        final String wanted = text.trim();
        final Set<Integer> indexes = new TreeSet<>();
        if (wanted.equalsIgnoreCase("all") || wanted.isEmpty() && shown < 0) {
            add(indexes, 0, size - 1);
        } else if (wanted.isEmpty()) {
            indexes.add(Math.min(shown, size - 1));
        } else {
            for (final String part : wanted.split(",")) {
                final String[] ends = part.trim().split("-", 2);
                try {
                    add(indexes, Integer.parseInt(ends[0].trim()), Integer.parseInt(ends[ends.length - 1].trim()));
                } catch (NumberFormatException error) {
                    throw wrong(axis, text, size, error);
                }
            }
        }
        for (final int index : indexes) {
            if (index < 0 || index >= size) {
                throw wrong(axis, text, size, null);
            }
        }
        if (indexes.isEmpty()) {
            throw wrong(axis, text, size, null);
        }
        return indexes.stream().mapToInt(Integer::intValue).toArray();
    }

    private static void add(final Set<Integer> indexes, final int first, final int last) {
        // A range far beyond any axis is an error of typing, not a reason to fill memory.
        for (int index = first; index <= last && indexes.size() < 1_000_000; index++) {
            indexes.add(index);
        }
    }

    private static ZooBridgeException wrong(final char axis, final String text, final int size, final Throwable cause) {
        return ZooBridgeException.of(ErrorReason.ERROR_REASON_REGION,
                "\"" + text + "\" does not name positions along " + axis + ". Write such as "
                + "0-4,7 or all, within 0 and " + (size - 1) + ".").field("planes").causedBy(cause);
    }
}
