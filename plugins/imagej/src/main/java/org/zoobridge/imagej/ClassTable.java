package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.measure.Calibration;
import ij.measure.ResultsTable;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.zoobridge.client.Answer;
import org.zoobridge.client.ItemAnswer;
import org.zoobridge.v1.Region;

/** Counts and area by class: the second table, one row for each class of a run. */
final class ClassTable {

    /** Title of the table. */
    static final String TITLE = "ZooBridge Classes";

    private ClassTable() {
    }

    /**
     * Adds a run's classes, the most frequent first.
     *
     * @param image  the image that was classified
     * @param answer the answer
     * @param tags   the {@link Place} of each item by its index; null for whole planes
     */
    static void append(final ImagePlus image, final Answer answer, final List<Object> tags) {
        final Map<String, Sum> sums = new LinkedHashMap<>();
        int all = 0;
        for (final ItemAnswer item : answer.items()) {
            if (!item.failed() && !item.top().isEmpty()) {
                final Place place = (Place) tags.get(item.index());
                sums.computeIfAbsent(item.top().get(0).label(), absent -> new Sum()).add(
                        item.top().get(0).score().orElse(Double.NaN), place == null
                        ? (long) image.getWidth() * image.getHeight() : pixels(place.region()));
                all++;
            }
        }
        if (all == 0) {
            return;
        }
        final ResultsTable shown = ResultsTable.getResultsTable(TITLE);
        final ResultsTable table = shown == null ? new ResultsTable() : shown;
        table.showRowNumbers(false);
        final Calibration scale = image.getCalibration();
        final List<String> labels = new ArrayList<>(sums.keySet());
        labels.sort(Comparator.comparing((String label) -> sums.get(label).count).reversed());
        for (final String label : labels) {
            final Sum sum = sums.get(label);
            table.incrementCounter();
            table.addValue("image", image.getTitle());
            table.addValue("model", answer.model().getId());
            table.addValue("class", label);
            table.addValue("Count", sum.count);
            table.addValue("Share", (double) sum.count / all);
            table.addValue("Area", sum.pixels * scale.pixelWidth * scale.pixelHeight);
            table.addValue("Mean score", sum.scores / sum.count);
        }
        table.setDecimalPlaces(table.getColumnIndex("Count"), 0);
        Tables.show(table, TITLE);
    }

    /** Number of pixels inside a region. */
    static long pixels(final Region region) {
        if (region.getMask().isEmpty()) {
            return (long) region.getBox().getWidth() * region.getBox().getHeight();
        }
        long pixels = 0;
        for (final byte bits : region.getMask()) {
            pixels += Integer.bitCount(bits & 255);
        }
        return pixels;
    }

    /** Count, scores and area of one class. */
    private static final class Sum {

        private int count;
        private double scores;
        private long pixels;

        void add(final double score, final long area) {
            count++;
            scores += score;
            pixels += area;
        }
    }
}
