package org.zoobridge.imagej;

import ij.IJ;
import ij.ImagePlus;
import ij.Undo;
import ij.gui.Overlay;
import ij.gui.Roi;
import ij.gui.TextRoi;

import java.awt.Color;
import java.awt.Font;
import java.math.RoundingMode;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.ConcurrentHashMap;

import org.zoobridge.client.Answer;
import org.zoobridge.client.ItemAnswer;
import org.zoobridge.client.ModelFit;
import org.zoobridge.client.Score;
import org.zoobridge.v1.Model;

/**
 * Draws classes over an image: hue by class, opacity by score. What is in the overlay already stays; the selections
 * themselves are not touched, their copies are drawn. Edit &gt; Undo takes it back.
 */
final class OverlayPainter {

    private static final int MAX_GROUP = 255;
    private static final int FAINTEST = 70;
    private static final float STROKE = 2f;
    private static final int TILE_ALPHA = 110;
    private static final int LABEL_ALPHA = 180;
    private static final int SMALLEST_FONT = 8;
    /** Mean width of a letter as a share of the font's size. */
    private static final double FONT_ASPECT = 0.62;

    private static final Map<Integer, Roi> GROUPS = new ConcurrentHashMap<>();

    private final DecimalFormat decimals = new DecimalFormat("0.00", DecimalFormatSymbols.getInstance(Locale.ROOT));
    private final ImagePlus image;
    private final Model model;
    private final Map<String, Integer> colors;

    OverlayPainter(final ImagePlus image, final Model model) {
        this.image = image;
        this.model = model;
        this.colors = ModelFit.colors(model);
        decimals.setRoundingMode(RoundingMode.HALF_UP);
    }

    /**
     * Draws an answer.
     *
     * @param answer its items
     * @param tags   the {@link Roi} of each item by its index; null for whole planes
     * @param filled whether regions are tinted rather than outlined
     */
    void paint(final Answer answer, final List<Object> tags, final boolean filled) {
        if (image.getOverlay() == null) {
            image.setOverlay(new Overlay());
        }
        Undo.setup(Undo.OVERLAY, image);
        final Overlay overlay = image.getOverlay();
        for (final ItemAnswer item : answer.items()) {
            if (!item.failed() && !item.top().isEmpty()) {
                final Score best = item.top().get(0);
                final String words = words(best);
                final Roi roi = (Roi) tags.get(item.index());
                if (roi != null) {
                    overlay.add(positioned(region(roi, item.region() + ": " + words, best, filled), item));
                }
                overlay.add(positioned(label(roi, words, best), item));
            }
        }
        image.updateAndDraw();
    }

    private Roi region(final Roi roi, final String name, final Score best, final boolean filled) {
        final Roi drawn = (Roi) roi.clone();
        drawn.setImage(null);
        // With the group come a name and colours of its own, so it comes first.
        drawn.copyAttributes(GROUPS.computeIfAbsent(Math.min(MAX_GROUP, best.index() + 1), OverlayPainter::ofGroup));
        drawn.setName(name);
        final int alpha = alpha(best);
        final Color color = color(best, alpha);
        drawn.setStrokeColor(color);
        if (filled) {
            drawn.setFillColor(color(best, alpha * TILE_ALPHA / 255));
        } else {
            drawn.setStrokeWidth(STROKE);
        }
        drawn.setProperty(Places.OWN, best.label());
        drawn.setProperty("zoobridge.model", model.getId());
        return drawn;
    }

    /**
     * Something of a group, to copy the group from: ImageJ looks for a file each time that a group is set, and without
     * it complains in the log.
     */
    private static Roi ofGroup(final int group) {
        final boolean logged = IJ.getLog() != null;
        final Roi example = new Roi(0, 0, 1, 1);
        example.setGroup(group);
        if (!logged && IJ.getLog() != null) {
            IJ.log("\\Close");
        }
        return example;
    }

    private Roi label(final Roi roi, final String words, final Score best) {
        final double x = roi == null ? 0 : roi.getBounds().getX();
        final double y = roi == null ? 0 : roi.getBounds().getY();
        final int width = roi == null ? image.getWidth() : roi.getBounds().width;
        final TextRoi text = new TextRoi(x, y, words, font(words, width));
        text.setStrokeColor(Color.white);
        text.setFillColor(color(best, LABEL_ALPHA).darker());
        text.setName(best.label());
        text.setProperty(Places.OWN, best.label());
        return text;
    }

    /** A font in which a text is about as wide as its region, within what can be read. */
    private Font font(final String text, final int width) {
        final int largest = Math.max(SMALLEST_FONT, image.getWidth() / 45);
        final int fitting = (int) (width / (FONT_ASPECT * text.length()));
        return new Font(Font.SANS_SERIF, Font.PLAIN, Math.max(SMALLEST_FONT, Math.min(largest, fitting)));
    }

    private Roi positioned(final Roi roi, final ItemAnswer item) {
        final int slice = item.plane().getOrDefault("Z", 0) + 1;
        final int frame = item.plane().getOrDefault("T", 0) + 1;
        if (image.getStackSize() == 1) {
            return roi;
        }
        if (image.isHyperStack() || image.getNChannels() > 1) {
            roi.setPosition(0, item.plane().containsKey("Z") ? slice : 0, item.plane().containsKey("T") ? frame : 0);
        } else {
            roi.setPosition(image.getStackIndex(1, slice, frame));
        }
        return roi;
    }

    private static int alpha(final Score best) {
        final OptionalDouble score = best.score();
        if (!score.isPresent()) {
            return 255;
        }
        // A logit is no share of anything; its opacity is full once it is 1.
        final double share = Math.max(0, Math.min(1, score.getAsDouble()));
        return (int) Math.round(FAINTEST + (255 - FAINTEST) * share);
    }

    private Color color(final Score best, final int alpha) {
        final int rgb = colors.getOrDefault(best.label(), 0xffff00);
        return new Color(rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255, alpha);
    }

    private String words(final Score best) {
        final OptionalDouble score = best.score();
        return score.isPresent() ? best.label() + " " + decimals.format(score.getAsDouble()) : best.label();
    }
}
