package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.measure.ResultsTable;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.zoobridge.client.Answer;
import org.zoobridge.client.ItemAnswer;


/** What came of a run: its rows, and how many items each class has. */
public final class Outcome {

    private final ResultsTable table;
    private final int failed;
    private final Map<String, Integer> counts;

    private List<ImagePlus> maps = Collections.emptyList();

    private Outcome(final ResultsTable table, final int failed, final Map<String, Integer> counts) {
        this.table = table;
        this.failed = failed;
        this.counts = Collections.unmodifiableMap(counts);
    }

    static Outcome of(final ResultsTable table, final Iterable<Answer> answers, final int failedPictures) {
        final Map<String, Integer> counts = new LinkedHashMap<>();
        int failed = failedPictures;
        for (final Answer answer : answers) {
            for (final ItemAnswer item : answer.items()) {
                if (item.failed()) {
                    failed++;
                } else if (!item.top().isEmpty()) {
                    counts.merge(item.top().get(0).label(), 1, Integer::sum);
                }
            }
        }
        return new Outcome(table, failed, counts);
    }

    /**
     * The rows of this run.
     *
     * @return a table that is not shown
     */
    public ResultsTable table() {
        return table;
    }

    /**
     * How many items or pictures could not be answered.
     *
     * @return a number; the table's column {@code error} says why
     */
    public int failed() {
        return failed;
    }

    /**
     * How many items have each class as their best.
     *
     * @return by label
     */
    public Map<String, Integer> counts() {
        return counts;
    }

    Outcome withMaps(final List<ImagePlus> images) {
        maps = Collections.unmodifiableList(images);
        return this;
    }

    /**
     * The class map and the maps of the scores, where they were asked for.
     *
     * @return images
     */
    public List<ImagePlus> maps() {
        return maps;
    }

    /** As macros get it: {@code rows=12 failed=0 grass=7 brick=5}. */
    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder("rows=" + table.size() + " failed=" + failed);
        for (final Map.Entry<String, Integer> count : counts.entrySet()) {
            final String label = count.getKey();
            text.append(' ').append(label.replaceAll("[\\s=\\[\\]]+", "_")).append('=').append(count.getValue());
        }
        return text.toString();
    }
}
