package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.measure.Calibration;
import ij.measure.ResultsTable;

import java.util.Collections;
import java.util.List;

import org.zoobridge.client.Answer;
import org.zoobridge.client.results.ClassSummary;


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
        final List<ClassSummary> classes = ClassSummary.of(Collections.singletonList(answer), item -> {
            final Place place = (Place) tags.get(item.index());
            return place == null ? (long) image.getWidth() * image.getHeight() : ClassSummary.pixels(place.region());
        });
        if (classes.isEmpty()) {
            return;
        }
        final ResultsTable shown = ResultsTable.getResultsTable(TITLE);
        final ResultsTable table = shown == null ? new ResultsTable() : shown;
        table.showRowNumbers(false);
        final Calibration scale = image.getCalibration();
        for (final ClassSummary one : classes) {
            table.incrementCounter();
            table.addValue("image", image.getTitle());
            table.addValue("model", answer.model().getId());
            table.addValue("class", one.label());
            table.addValue("Count", one.count());
            table.addValue("Share", one.share());
            table.addValue("Area", one.pixels() * scale.pixelWidth * scale.pixelHeight);
            table.addValue("Mean score", one.meanScore());
        }
        table.setDecimalPlaces(table.getColumnIndex("Count"), 0);
        Tables.show(table, TITLE);
    }
}
