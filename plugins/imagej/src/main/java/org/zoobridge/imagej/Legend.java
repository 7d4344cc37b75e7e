package org.zoobridge.imagej;

import ij.gui.Roi;
import ij.gui.TextRoi;

import java.awt.Color;
import java.awt.Font;
import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.zoobridge.client.ItemAnswer;


/** Class, colour and count of one plane's regions, drawn in a corner of it: for labels that do not fit, or if wanted. */
final class Legend {

    /** The place of legends, as {@link Drawings#PLACE} has it. */
    static final String PLACE = "legend";

    static final int SMALLEST_FONT = 8;
    /** Mean width of a letter as a share of the font's size. */
    private static final double FONT_ASPECT = 0.62;
    private static final double LINE = 1.35;
    private static final int MOST_CLASSES = 20;
    private static final Color BACKGROUND = new Color(0, 0, 0, 170);

    private final ItemAnswer anywhere;
    private final Map<String, Integer> counts = new LinkedHashMap<>();
    private final Map<String, Color> colors = new LinkedHashMap<>();

    /**
     * Starts without classes.
     *
     * @param anywhere an item in the legend's plane
     */
    Legend(final ItemAnswer anywhere) {
        this.anywhere = anywhere;
    }

    ItemAnswer anywhere() {
        return anywhere;
    }

    void count(final String label, final Color color) {
        counts.merge(label, 1, Integer::sum);
        colors.put(label, color);
    }

    /** The largest font in which a text fits into a box, no larger than suits the image. */
    static int fontSize(final String text, final Rectangle box, final int imageWidth) {
        final int largest = Math.max(SMALLEST_FONT, imageWidth / 45);
        final int fitting = (int) Math.min(box.width / (FONT_ASPECT * text.length()), box.height / LINE);
        return Math.min(largest, fitting);
    }

    /**
     * The legend's parts, the most frequent class first.
     *
     * @param width  columns of the image
     * @param height rows of the image
     * @return a background, and a square and a text for each class; none where the image is too small for them
     */
    List<Roi> rois(final int width, final int height) {
        final List<String> labels = new ArrayList<>(counts.keySet());
        labels.sort(Collections.reverseOrder(Comparator.comparing(counts::get)));
        final List<String> shown = labels.subList(0, Math.min(MOST_CLASSES, labels.size()));
        int longest = 0;
        for (final String label : shown) {
            longest = Math.max(longest, text(label).length());
        }
        final int size = Math.min(Math.max(SMALLEST_FONT, width / 45), (int) (height / (LINE * (shown.size() + 1))));
        final int line = (int) Math.ceil(size * LINE);
        final int wide = (int) Math.ceil(size * (FONT_ASPECT * longest + 2));
        if (size < SMALLEST_FONT || wide > width) {
            return Collections.emptyList();
        }
        final List<Roi> parts = new ArrayList<>();
        final int left = width - wide;
        parts.add(filled(new Roi(left, 0, wide, line * shown.size() + size / 2), BACKGROUND));
        for (int i = 0; i < shown.size(); i++) {
            final int top = size / 4 + i * line;
            parts.add(filled(new Roi(left + size / 3, top + size / 4, size, size), colors.get(shown.get(i))));
            final TextRoi text = new TextRoi(left + size * 5 / 3, top, text(shown.get(i)),
                    new Font(Font.SANS_SERIF, Font.PLAIN, size));
            text.setStrokeColor(Color.white);
            parts.add(text);
        }
        for (final Roi part : parts) {
            part.setName(PLACE);
            part.setProperty(Places.OWN, PLACE);
        }
        return parts;
    }

    private String text(final String label) {
        return label + ": " + counts.get(label);
    }

    private static Roi filled(final Roi roi, final Color color) {
        roi.setFillColor(color);
        return roi;
    }
}
