package org.zoobridge.imagej;

import ij.IJ;
import ij.ImagePlus;
import ij.ImageStack;
import ij.Undo;
import ij.gui.Overlay;
import ij.gui.Roi;
import ij.gui.TextRoi;

import java.awt.Color;
import java.awt.Font;
import java.awt.Rectangle;
import java.math.RoundingMode;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

import org.zoobridge.client.Answer;
import org.zoobridge.client.ItemAnswer;
import org.zoobridge.client.ModelFacts;
import org.zoobridge.client.Score;
import org.zoobridge.client.results.ResultTable;
import org.zoobridge.v1.Model;

/**
 * Draws classes over an image: hue by class, opacity by score. What the user has in the overlay stays, and so do the
 * selections themselves, whose copies are drawn. A later run replaces what an earlier one drew for the same region and
 * plane. Edit &gt; Undo takes a run back.
 */
final class Drawings {

    /** Property of a drawing: the region and plane that it stands for. */
    static final String PLACE = "zoobridge.place";
    /** Property of a drawn region: its model. */
    static final String MODEL = "zoobridge.model";

    /** Property of a drawn region: the class that a person gave to it. */
    static final String CORRECTED = "zoobridge.corrected";

    private static final String WHOLE = "whole";
    private static final String TILES = "tiles";
    private static final int OTHER = 0xffffff;
    private static final int MAX_GROUP = 255;
    private static final int FAINTEST = 70;
    private static final float STROKE = 2f;
    private static final int TILE_ALPHA = 110;
    private static final int LABEL_ALPHA = 180;

    private static final Map<Integer, Roi> GROUPS = new ConcurrentHashMap<>();

    private final DecimalFormat decimals = new DecimalFormat("0.00", DecimalFormatSymbols.getInstance(Locale.ROOT));
    private final ImagePlus image;
    private final Model model;
    private final Map<String, Integer> colors;

    Drawings(final ImagePlus image, final Model model) {
        this.image = image;
        this.model = model;
        this.colors = ModelFacts.colors(model);
        Corrections.remember(model);
        decimals.setRoundingMode(RoundingMode.HALF_UP);
    }

    /**
     * Draws an answer.
     *
     * @param answer its items
     * @param tags   the {@link Place} of each item by its index; null for whole planes
     * @param filled whether regions are tiles, which are tinted rather than outlined
     * @param legend whether to draw a legend even where every label fits
     */
    void paint(final Answer answer, final List<Object> tags, final boolean filled, final boolean legend) {
        final List<Roi> drawn = new ArrayList<>();
        final Set<String> places = new HashSet<>();
        final Map<String, Legend> legends = new LinkedHashMap<>();
        boolean crowded = legend;
        for (final ItemAnswer item : answer.items()) {
            if (item.failed() || item.top().isEmpty()) {
                continue;
            }
            final Score best = item.top().get(0);
            final String plane = ResultTable.planeText(item.plane(), 1);
            final Place place = (Place) tags.get(item.index());
            final String key = plane + "/" + (place == null ? WHOLE : filled ? TILES : place.key());
            places.add(key);
            final Roi roi = place == null ? null : place.roi();
            if (roi != null) {
                drawn.add(placed(region(roi, item.region() + ": " + words(best), best, filled), key, item));
            }
            final Roi text = label(roi, best);
            if (text == null) {
                crowded = true;
            } else {
                drawn.add(placed(text, key, item));
            }
            legends.computeIfAbsent(plane, absent -> new Legend(item)).count(best.label(), color(best, 255));
        }
        for (final Map.Entry<String, Legend> one : legends.entrySet()) {
            places.add(one.getKey() + "/" + Legend.PLACE);
            if (crowded) {
                for (final Roi part : one.getValue().rois(image.getWidth(), image.getHeight())) {
                    drawn.add(placed(part, one.getKey() + "/" + Legend.PLACE, one.getValue().anywhere()));
                }
            }
        }
        final Map<Roi, String> corrected = corrected(drawn);
        replace(image, roi -> places.contains(roi.getProperty(PLACE)), drawn);
        corrected.forEach((roi, label) -> recolor(image, roi, label, model));
        RegionLinks.link(image);
    }

    /** What a person said of a region holds for whatever a model says of it later. */
    private Map<Roi, String> corrected(final List<Roi> drawn) {
        final Map<String, String> corrected = new HashMap<>();
        final Map<Roi, String> again = new LinkedHashMap<>();
        for (final Roi roi : image.getOverlay() == null ? new Roi[0] : image.getOverlay().toArray()) {
            if (roi.getProperty(CORRECTED) != null) {
                corrected.put(spot(roi), roi.getProperty(CORRECTED));
            }
        }
        for (final Roi roi : corrected.isEmpty() ? new ArrayList<Roi>() : drawn) {
            final String label = corrected.get(spot(roi));
            if (label != null) {
                again.put(roi, label);
            }
        }
        return again;
    }

    /** A drawing's place, which all tiles of a plane share, and its box. */
    private static String spot(final Roi roi) {
        return roi.getProperty(PLACE) + (roi instanceof TextRoi ? "" : roi.getBounds());
    }

    /** Whether a drawing is an answer: neither the user's, nor a legend, nor a preview. */
    static boolean isAnswer(final Roi roi) {
        return roi.getProperty(MODEL) != null && roi.getProperty(PLACE) != null;
    }

    /** Whether an answer is about its whole plane. */
    static boolean isWhole(final Roi roi) {
        return roi.getProperty(PLACE).endsWith("/" + WHOLE);
    }

    /** The plane of an answer, as the table has it. */
    static String plane(final Roi roi) {
        return roi.getProperty(PLACE).substring(0, roi.getProperty(PLACE).indexOf('/'));
    }

    /** The class of an answer: a person's, else the model's. */
    static String label(final Roi roi) {
        final String corrected = roi.getProperty(CORRECTED);
        return corrected == null ? roi.getProperty(Places.OWN) : corrected;
    }

    /** The topmost answer at a place of the plane that is shown; null if there is none. */
    static Roi at(final ImagePlus image, final int x, final int y) {
        final Overlay overlay = image.getOverlay();
        final int size = overlay == null ? 0 : overlay.size();
        for (int i = size - 1; i >= 0; i--) {
            final Roi roi = overlay.get(i);
            if (isAnswer(roi) && (!(roi instanceof TextRoi) || isWhole(roi)) && roi.getBounds().contains(x, y)
                    && roi.contains(x, y) && isShown(image, roi)) {
                return roi;
            }
        }
        return null;
    }

    private static boolean isShown(final ImagePlus image, final Roi roi) {
        if (image.getStackSize() == 1) {
            return true;
        }
        if (roi.hasHyperStackPosition()) {
            return (roi.getZPosition() == 0 || roi.getZPosition() == image.getZ())
                    && (roi.getTPosition() == 0 || roi.getTPosition() == image.getT());
        }
        return roi.getPosition() == 0 || roi.getPosition() == image.getCurrentSlice();
    }

    /** A plane of an image as an image of its own, all channels included. */
    static ImagePlus planeOf(final ImagePlus image, final String plane) {
        int slice = image.getZ();
        int frame = image.getT();
        for (final String part : plane.split(",")) {
            slice = part.startsWith("Z=") ? Integer.parseInt(part.substring(2)) : slice;
            frame = part.startsWith("T=") ? Integer.parseInt(part.substring(2)) : frame;
        }
        final ImageStack pixels = new ImageStack(image.getWidth(), image.getHeight());
        for (int channel = 1; channel <= image.getNChannels(); channel++) {
            pixels.addSlice(image.getStackSize() == 1 ? image.getProcessor().duplicate()
                    : image.getStack().getProcessor(image.getStackIndex(channel, slice, frame)).duplicate());
        }
        final ImagePlus alone = new ImagePlus(image.getTitle(), pixels);
        alone.setDimensions(image.getNChannels(), 1, 1);
        alone.setCalibration(image.getCalibration());
        return alone;
    }

    /** Draws a region in the colour of the class that a person gave to it. */
    static void recolor(final ImagePlus image, final Roi roi, final String label, final Model model) {
        final int rgb = model == null ? OTHER : ModelFacts.colors(model).getOrDefault(label, OTHER);
        final Color color = new Color(rgb);
        final Color fill = roi.getFillColor();
        roi.setProperty(CORRECTED, label);
        if (roi instanceof TextRoi) {
            ((TextRoi) roi).setText(label);
            roi.setFillColor(new Color(color.getRed(), color.getGreen(), color.getBlue(), LABEL_ALPHA).darker());
        } else {
            roi.setStrokeColor(color);
            if (fill != null) {
                roi.setFillColor(new Color(color.getRed(), color.getGreen(), color.getBlue(), fill.getAlpha()));
            }
        }
        final String name = roi.getName() == null ? "" : roi.getName();
        roi.setName(name.contains(": ") ? name.substring(0, name.indexOf(": ") + 2) + label : label);
        for (final Roi text : image.getOverlay().toArray()) {
            // The text of the region that was corrected says so too.
            if (text instanceof TextRoi && text != roi && isAnswer(text)
                    && roi.getProperty(PLACE).equals(text.getProperty(PLACE))
                    && roi.getBounds().contains(text.getBounds().getLocation())) {
                ((TextRoi) text).setText(label);
                text.setFillColor(new Color(color.getRed(), color.getGreen(), color.getBlue(), LABEL_ALPHA).darker());
            }
        }
        image.updateAndDraw();
    }

    /**
     * Takes drawings of this plugin away.
     *
     * @param image an open image
     * @param which which of them; those of the user are never asked about
     * @return how many were taken away
     */
    static int remove(final ImagePlus image, final Predicate<Roi> which) {
        return replace(image, which, new ArrayList<>());
    }

    static int replace(final ImagePlus image, final Predicate<Roi> which, final List<Roi> added) {
        if (image.getOverlay() == null) {
            image.setOverlay(new Overlay());
        }
        Undo.setup(Undo.OVERLAY, image);
        final Overlay overlay = image.getOverlay();
        final Roi[] before = overlay.toArray();
        overlay.clear();
        for (final Roi roi : before) {
            if (roi.getProperty(PLACE) == null || !which.test(roi)) {
                overlay.add(roi);
            }
        }
        final int removed = before.length - overlay.size();
        for (final Roi roi : added) {
            overlay.add(roi);
        }
        image.updateAndDraw();
        return removed;
    }

    private Roi region(final Roi roi, final String name, final Score best, final boolean filled) {
        final Roi drawn = Place.copy(roi);
        drawn.setImage(null);
        // With the group come a name and colours of its own, so it comes first.
        drawn.copyAttributes(ofGroup(best.index()));
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
        drawn.setProperty(MODEL, model.getId());
        return drawn;
    }

    /** Something of a class's group, to copy the group from: its number is the class's, from 1. */
    static Roi ofGroup(final int index) {
        return GROUPS.computeIfAbsent(group(index), Drawings::exampleOf);
    }

    static int group(final int index) {
        return Math.min(MAX_GROUP, index + 1);
    }

    /**
     * ImageJ looks for a file each time that a group is set, and without it complains in the log.
     */
    private static Roi exampleOf(final int group) {
        final boolean logged = IJ.getLog() != null;
        final Roi example = new Roi(0, 0, 1, 1);
        example.setGroup(group);
        if (!logged && IJ.getLog() != null) {
            IJ.log("\\Close");
        }
        return example;
    }

    /** The label of a region or plane; null where it does not fit into its region. */
    private Roi label(final Roi roi, final Score best) {
        final Rectangle box = roi == null ? new Rectangle(image.getWidth(), image.getHeight()) : roi.getBounds();
        final String words = words(best);
        final int size = Legend.fontSize(words, box, image.getWidth());
        if (roi != null && size < Legend.SMALLEST_FONT) {
            return null;
        }
        final TextRoi text = new TextRoi(box.x, box.y, words,
                new Font(Font.SANS_SERIF, Font.PLAIN, Math.max(Legend.SMALLEST_FONT, size)));
        text.setStrokeColor(Color.white);
        text.setFillColor(color(best, LABEL_ALPHA).darker());
        text.setName(best.label());
        text.setProperty(Places.OWN, best.label());
        text.setProperty(MODEL, model.getId());
        return text;
    }

    private Roi placed(final Roi roi, final String key, final ItemAnswer item) {
        roi.setProperty(PLACE, key);
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
