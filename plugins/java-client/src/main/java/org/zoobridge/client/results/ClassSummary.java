package org.zoobridge.client.results;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.ToLongFunction;

import org.zoobridge.client.Answer;
import org.zoobridge.client.ItemAnswer;
import org.zoobridge.v1.Region;

/** How many items have a class as their best, and how large they are together. */
public final class ClassSummary {

    private final String label;
    private int count;
    private int all;
    private double scores;
    private long pixels;

    private ClassSummary(final String label) {
        this.label = label;
    }

    /**
     * Sums items up by class.
     *
     * @param answers answers; items that failed are left out
     * @param pixels  gives an item's size in pixels; 0 where it is not known
     * @return a summary for each class that occurs, the most frequent first
     */
    public static List<ClassSummary> of(final Collection<Answer> answers, final ToLongFunction<ItemAnswer> pixels) {
        final Map<String, ClassSummary> sums = new LinkedHashMap<>();
        int all = 0;
        for (final Answer answer : answers) {
            for (final ItemAnswer item : answer.items()) {
                if (!item.failed() && !item.top().isEmpty()) {
                    final ClassSummary sum = sums.computeIfAbsent(item.top().get(0).label(), ClassSummary::new);
                    sum.count++;
                    sum.scores += item.top().get(0).score().orElse(Double.NaN);
                    sum.pixels += pixels.applyAsLong(item);
                    all++;
                }
            }
        }
        final List<ClassSummary> found = new ArrayList<>(sums.values());
        for (final ClassSummary sum : found) {
            sum.all = all;
        }
        found.sort(Comparator.comparing((ClassSummary sum) -> sum.count).reversed());
        return found;
    }

    /**
     * Classes and counts in a line, for a progress bar.
     *
     * @param summaries the classes
     * @return such as {@code grass 7, brick 5}
     */
    public static String line(final List<ClassSummary> summaries) {
        final StringJoiner line = new StringJoiner(", ");
        for (final ClassSummary one : summaries) {
            line.add(one.label + " " + one.count);
        }
        return line.toString();
    }

    /**
     * Classes as CSV.
     *
     * @param summaries the classes
     * @param area      area of a pixel, in the unit's square
     * @param unit      the unit, for the column's name
     * @return a line of column names and one for each class
     */
    public static String csv(final List<ClassSummary> summaries, final double area, final String unit) {
        final StringBuilder text = new StringBuilder(ResultTable.line(
                Arrays.asList("class", "count", "share", "pixels", "area (" + unit + "^2)", "mean score")));
        for (final ClassSummary one : summaries) {
            text.append(ResultTable.line(Arrays.asList(one.label, String.valueOf(one.count),
                    String.valueOf(one.share()), String.valueOf(one.pixels), String.valueOf(one.pixels * area),
                    Double.isNaN(one.meanScore()) ? "" : String.valueOf(one.meanScore()))));
        }
        return text.toString();
    }

    /**
     * Number of pixels inside a region.
     *
     * @param region a box, with or without a mask
     * @return pixels
     */
    public static long pixels(final Region region) {
        if (region.getMask().isEmpty()) {
            return (long) region.getBox().getWidth() * region.getBox().getHeight();
        }
        long pixels = 0;
        for (final byte bits : region.getMask()) {
            pixels += Integer.bitCount(bits & 255);
        }
        return pixels;
    }

    /**
     * The class.
     *
     * @return its label
     */
    public String label() {
        return label;
    }

    /**
     * How many items have it.
     *
     * @return number of items
     */
    public int count() {
        return count;
    }

    /**
     * The share of all items that were answered.
     *
     * @return from 0 to 1
     */
    public double share() {
        return (double) count / all;
    }

    /**
     * Size of its items together.
     *
     * @return pixels
     */
    public long pixels() {
        return pixels;
    }

    /**
     * Mean score of its items.
     *
     * @return NaN where the model gives no scores
     */
    public double meanScore() {
        return scores / count;
    }
}
