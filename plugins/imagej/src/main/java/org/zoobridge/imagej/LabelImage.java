package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.WindowManager;
import ij.gui.Roi;
import ij.plugin.filter.ThresholdToSelection;
import ij.process.ByteProcessor;
import ij.process.ImageProcessor;

import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.pixels.Regions;
import org.zoobridge.v1.ErrorReason;

/** An image in which the pixels of each object hold the object's number, and 0 is background. */
public final class LabelImage {

    private final ImagePlus labels;

    private LabelImage(final ImagePlus labels) {
        this.labels = labels;
    }

    /**
     * The label image of an image.
     *
     * @param title title of an open image; empty for the image itself
     * @param image the image whose pixels are classified
     * @return the label image
     * @throws ZooBridgeException if it is not open, or does not lie over the image
     */
    static LabelImage of(final String title, final ImagePlus image) {
        final ImagePlus labels = title.isEmpty() ? image : WindowManager.getImage(title);
        if (labels == null) {
            throw wrong("No image \"" + title + "\" is open. Open the label image and name it: labels=[its title].");
        }
        if (labels.getType() == ImagePlus.COLOR_RGB) {
            throw wrong(labels.getTitle() + " is an RGB image; a label image holds one number for each object.");
        }
        if (labels.getWidth() != image.getWidth() || labels.getHeight() != image.getHeight()) {
            throw wrong(labels.getTitle() + " is " + labels.getWidth() + " x " + labels.getHeight() + ", "
                    + image.getTitle() + " is " + image.getWidth() + " x " + image.getHeight()
                    + ". Choose the label image that was made from this image.");
        }
        final boolean flat = labels.getNSlices() * labels.getNFrames() == 1;
        if (!flat && (labels.getNSlices() != image.getNSlices() || labels.getNFrames() != image.getNFrames())) {
            throw wrong(labels.getTitle() + " has " + labels.getNSlices() + " slices and " + labels.getNFrames()
                    + " frames, " + image.getTitle() + " " + image.getNSlices() + " and " + image.getNFrames()
                    + ". Choose the label image that was made from this image.");
        }
        return new LabelImage(labels);
    }

    /**
     * Whether an image can be the label image of another.
     *
     * @param labels an open image
     * @param image  the image whose pixels are classified
     * @return true if it has whole numbers, the same size, and several values but not very many
     */
    public static boolean fits(final ImagePlus labels, final ImagePlus image) {
        try {
            of(labels.getTitle(), image);
        } catch (ZooBridgeException other) {
            return false;
        }
        if (labels.getBitDepth() == 8) {
            return labels.getStatistics().min == 0;
        }
        return labels.getBitDepth() == 16 || isWhole(labels.getProcessor());
    }

    private static boolean isWhole(final ImageProcessor pixels) {
        for (int i = 0; i < pixels.getPixelCount(); i++) {
            if (pixels.getf(i) != Math.rint(pixels.getf(i)) || pixels.getf(i) < 0) {
                return false;
            }
        }
        return true;
    }

    private static ZooBridgeException wrong(final String sentence) {
        return ZooBridgeException.of(ErrorReason.ERROR_REASON_REGION, sentence).field("labels");
    }

    /** The title of the label image. */
    String title() {
        return labels.getTitle();
    }

    /** Whether it has one plane for each plane of the image, rather than one alone. */
    boolean isStack() {
        return labels.getNSlices() * labels.getNFrames() > 1;
    }

    /** The plane of numbers for a plane of the image, by ImageJ's numbers from 1. */
    ImageProcessor plane(final int slice, final int frame) {
        final ImageProcessor shown = labels.getStackSize() == 1 ? labels.getProcessor()
                : labels.getStack().getProcessor(labels.getStackIndex(1, isStack() ? slice : 1, isStack() ? frame : 1));
        return shown;
    }

    /**
     * The objects of a plane.
     *
     * @param pixels the plane's numbers
     * @return by number
     * @throws ZooBridgeException if a number is negative or not whole
     */
    List<Place> objects(final ImageProcessor pixels) {
        final int width = pixels.getWidth();
        final Map<Integer, Rectangle> boxes = new TreeMap<>();
        int last = 0;
        Rectangle box = null;
        for (int i = 0; i < pixels.getPixelCount(); i++) {
            final int number = number(pixels, i);
            if (number == 0) {
                continue;
            }
            if (number != last || box == null) {
                box = boxes.computeIfAbsent(number, absent -> new Rectangle(-1, -1));
                last = number;
            }
            box.add(i % width, i / width);
        }
        final List<Place> objects = new ArrayList<>(boxes.size());
        for (final Map.Entry<Integer, Rectangle> found : boxes.entrySet()) {
            // Rectangle.add takes points; a pixel reaches one further.
            objects.add(object(pixels, found.getKey(), new Rectangle(found.getValue().x, found.getValue().y,
                    found.getValue().width + 1, found.getValue().height + 1)));
        }
        return objects;
    }

    private int number(final ImageProcessor pixels, final int index) {
        final float value = pixels.getf(index);
        final int number = (int) value;
        if (number != value || number < 0) {
            throw wrong(title() + " holds the value " + value + "; a label image holds whole numbers from 0.");
        }
        return number;
    }

    private static Place object(final ImageProcessor pixels, final int number, final Rectangle box) {
        final boolean[] inside = new boolean[box.width * box.height];
        for (int y = 0; y < box.height; y++) {
            for (int x = 0; x < box.width; x++) {
                inside[y * box.width + x] = pixels.getf(box.x + x, box.y + y) == number;
            }
        }
        return Place.object(Regions.masked("label " + number, box.x, box.y, box.width, box.height, inside), number,
                () -> outline(inside, box));
    }

    private static Roi outline(final boolean[] inside, final Rectangle box) {
        final ByteProcessor mask = new ByteProcessor(box.width, box.height);
        for (int i = 0; i < inside.length; i++) {
            mask.set(i, inside[i] ? 255 : 0);
        }
        mask.setThreshold(255, 255, ImageProcessor.NO_LUT_UPDATE);
        final Roi roi = new ThresholdToSelection().convert(mask);
        roi.setLocation(box.x, box.y);
        return roi;
    }
}
