package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.measure.Calibration;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.zoobridge.client.Answer;
import org.zoobridge.client.ItemAnswer;
import org.zoobridge.client.results.ResultTable;
import org.zoobridge.v1.Box;

/** Rows of results in ImageJ's numbers: planes from 1, boxes in the image's units. */
final class Rows {

    /** Number of an object in its label image. */
    static final String OBJECT = "Object";
    static final String FRAME = "Frame";
    static final String SLICE = "Slice";
    static final String X = "X";
    static final String Y = "Y";
    static final String WIDTH = "Width";
    static final String HEIGHT = "Height";

    /** Columns of whole numbers. */
    static final Set<String> COUNTS = Collections.unmodifiableSet(new HashSet<>(Arrays.asList(OBJECT, FRAME, SLICE)));
    /** Columns of numbers beside scores. */
    static final Set<String> NUMBERS = Collections.unmodifiableSet(new HashSet<>(
            Arrays.asList(OBJECT, FRAME, SLICE, X, Y, WIDTH, HEIGHT)));

    private Rows() {
    }

    /**
     * Adds a row for each item of an answer.
     *
     * @param rows   takes the rows
     * @param answer the answer
     * @param labels the model's labels
     * @param tags   the {@link Place} of each item by its index; null for whole planes
     * @param image  the image that was classified
     */
    static void add(final ResultTable rows, final Answer answer, final List<String> labels, final List<Object> tags,
            final ImagePlus image) {
        int row = rows.rows().size();
        rows.add(answer, labels);
        final Calibration scale = image.getCalibration();
        for (final ItemAnswer item : answer.items()) {
            final Place place = (Place) tags.get(item.index());
            if (image.getNSlices() > 1) {
                rows.set(row, SLICE, (double) item.plane().getOrDefault("Z", 0) + 1);
            }
            if (image.getNFrames() > 1) {
                rows.set(row, FRAME, (double) item.plane().getOrDefault("T", 0) + 1);
            }
            if (place != null) {
                if (place.object() > 0) {
                    rows.set(row, OBJECT, (double) place.object());
                }
                final Box box = place.region().getBox();
                rows.set(row, X, scale.getX(box.getX()));
                rows.set(row, Y, scale.getY(box.getY(), image.getHeight()));
                rows.set(row, WIDTH, box.getWidth() * scale.pixelWidth);
                rows.set(row, HEIGHT, box.getHeight() * scale.pixelHeight);
            }
            row++;
        }
    }
}
