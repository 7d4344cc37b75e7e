package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.ImageStack;
import ij.measure.Calibration;
import ij.process.ByteProcessor;
import ij.process.FloatProcessor;
import ij.process.ImageProcessor;
import ij.process.LUT;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.zoobridge.client.Answer;
import org.zoobridge.client.ItemAnswer;
import org.zoobridge.client.ModelFacts;
import org.zoobridge.v1.Model;
import org.zoobridge.v1.ScoreKind;

/**
 * Classes and scores of tiles or objects as images: a map with a colour for each class, and a stack with the score of
 * each class.
 * <p>
 * A tile is one pixel, whose size in the image's unit is the tile's; an object keeps its pixels.
 */
final class ClassMaps {

    private static final int MOST_CLASSES = 255;
    private static final int DEFAULT_COLOR = 0xffff00;
    /** Viridis at nine even steps (Smith and van der Walt 2015, released as CC0). */
    private static final int[] VIRIDIS = {0x440154, 0x482878, 0x3e4a89, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779,
        0x6ece58, 0xfde725};

    private final ImagePlus image;
    private final Model model;
    private final Choices choices;
    private final LabelImage labels;
    private final int width;
    private final int height;

    ClassMaps(final ImagePlus image, final Model model, final Choices choices) {
        this.image = image;
        this.model = model;
        this.choices = choices;
        final boolean tiled = choices.targetIn(image) == Target.TILES;
        this.labels = tiled ? null : LabelImage.of(choices.labels(), image);
        this.width = tiled ? steps(image.getWidth()) : image.getWidth();
        this.height = tiled ? steps(image.getHeight()) : image.getHeight();
    }

    private int steps(final int length) {
        return (length + choices.tileSize() - 1) / choices.tileSize();
    }

    /**
     * The map of the classes.
     *
     * @param answer the answer
     * @param tags   the {@link Place} of each item by its index
     * @return 8-bit, with the number of the class from 1, and 0 where there is none
     */
    ImagePlus classes(final Answer answer, final List<Object> tags) {
        final ImageStack stack = new ImageStack(width, height);
        for (final Map.Entry<Map<String, Integer>, List<ItemAnswer>> plane : planes(answer).entrySet()) {
            final ImageProcessor pixels = new ByteProcessor(width, height);
            final Map<Integer, Float> values = new HashMap<>();
            for (final ItemAnswer item : plane.getValue()) {
                if (!item.failed() && !item.top().isEmpty()) {
                    values.put(key(item, tags), (float) Math.min(MOST_CLASSES, item.top().get(0).index() + 1));
                }
            }
            paint(pixels, values, plane.getKey(), 0);
            stack.addSlice(pixels);
        }
        final ImagePlus map = finished("Classes of " + image.getTitle(), stack, answer);
        map.setLut(classColors());
        map.setDisplayRange(0, MOST_CLASSES);
        final StringBuilder key = new StringBuilder("Classes by " + answer.model().getId() + " "
                + answer.model().getVersion() + "\n0: none");
        for (int i = 0; i < model.getLabelsCount(); i++) {
            key.append('\n').append(i + 1).append(": ").append(model.getLabels(i));
        }
        map.setProperty("Info", key.toString());
        return map;
    }

    /**
     * The maps of the scores.
     *
     * @param answer the answer, with the scores of all classes
     * @param tags   the {@link Place} of each item by its index
     * @return 32-bit, a slice for each class (a channel, where there are several planes); NaN where there is no score
     */
    ImagePlus scores(final Answer answer, final List<Object> tags) {
        final ImageStack stack = new ImageStack(width, height);
        for (final Map.Entry<Map<String, Integer>, List<ItemAnswer>> plane : planes(answer).entrySet()) {
            for (int label = 0; label < model.getLabelsCount(); label++) {
                final Map<Integer, Float> values = new HashMap<>();
                for (final ItemAnswer item : plane.getValue()) {
                    final double[] scores = item.scores();
                    if (label < scores.length) {
                        values.put(key(item, tags), (float) scores[label]);
                    }
                }
                final ImageProcessor pixels = new FloatProcessor(width, height);
                paint(pixels, values, plane.getKey(), Float.NaN);
                stack.addSlice(model.getLabels(label), pixels);
            }
        }
        final ImagePlus map = finished("Scores of " + image.getTitle(), stack, answer);
        map.setLut(viridis());
        if (answer.scoreKind() == ScoreKind.SCORE_KIND_LOGIT) {
            map.resetDisplayRange();
        } else {
            map.setDisplayRange(0, 1);
        }
        return map;
    }

    private static Map<Map<String, Integer>, List<ItemAnswer>> planes(final Answer answer) {
        final Map<Map<String, Integer>, List<ItemAnswer>> planes = new LinkedHashMap<>();
        for (final ItemAnswer item : answer.items()) {
            planes.computeIfAbsent(new TreeMap<>(item.plane()), absent -> new ArrayList<>()).add(item);
        }
        return planes;
    }

    /** The object's number, or the tile's place among the tiles. */
    private int key(final ItemAnswer item, final List<Object> tags) {
        return labels == null ? item.index() : ((Place) tags.get(item.index())).object();
    }

    private void paint(final ImageProcessor pixels, final Map<Integer, Float> values,
            final Map<String, Integer> plane, final float none) {
        final ImageProcessor numbers = labels == null ? null
                : labels.plane(plane.getOrDefault("Z", 0) + 1, plane.getOrDefault("T", 0) + 1);
        for (int i = 0; i < width * height; i++) {
            final Float value = values.get(numbers == null ? i : (int) numbers.getf(i));
            pixels.setf(i, value == null ? none : value);
        }
    }

    private ImagePlus finished(final String title, final ImageStack stack, final Answer answer) {
        final ImagePlus map = new ImagePlus(title, stack);
        final int planes = planes(answer).size();
        if (planes > 1 && planes == image.getNSlices() * image.getNFrames()) {
            map.setDimensions(stack.size() / planes, image.getNSlices(), image.getNFrames());
            map.setOpenAsHyperStack(true);
        }
        final Calibration scale = image.getCalibration().copy();
        if (labels == null) {
            scale.pixelWidth *= choices.tileSize();
            scale.pixelHeight *= choices.tileSize();
            scale.xOrigin /= choices.tileSize();
            scale.yOrigin /= choices.tileSize();
        }
        scale.disableDensityCalibration();
        map.setCalibration(scale);
        return map;
    }

    private LUT classColors() {
        final Map<String, Integer> colors = ModelFacts.colors(model);
        final int[] table = new int[MOST_CLASSES + 1];
        for (int i = 0; i < model.getLabelsCount() && i < MOST_CLASSES; i++) {
            table[i + 1] = colors.getOrDefault(model.getLabels(i), DEFAULT_COLOR);
        }
        return lut(table);
    }

    private static LUT viridis() {
        final int[] table = new int[MOST_CLASSES + 1];
        for (int i = 0; i < table.length; i++) {
            final double place = (double) i / MOST_CLASSES * (VIRIDIS.length - 1);
            final int step = Math.min(VIRIDIS.length - 2, (int) place);
            for (final int shift : Arrays.asList(0, 8, 16)) {
                final int low = VIRIDIS[step] >> shift & 255;
                final int high = VIRIDIS[step + 1] >> shift & 255;
                table[i] |= (int) Math.round(low + (high - low) * (place - step)) << shift;
            }
        }
        return lut(table);
    }

    private static LUT lut(final int... table) {
        final byte[][] parts = new byte[3][table.length];
        for (int i = 0; i < table.length; i++) {
            parts[0][i] = (byte) (table[i] >> 16);
            parts[1][i] = (byte) (table[i] >> 8);
            parts[2][i] = (byte) table[i];
        }
        return new LUT(parts[0], parts[1], parts[2]);
    }
}
