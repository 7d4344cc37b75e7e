package org.zoobridge.client.jobs;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import org.zoobridge.client.ClassifyCall;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.pixels.FiniteRange;
import org.zoobridge.client.pixels.Picture;
import org.zoobridge.client.pixels.PixelBuffer;
import org.zoobridge.client.pixels.PlaneSource;
import org.zoobridge.client.pixels.Regions;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Limits;
import org.zoobridge.v1.Region;

/**
 * Planes and regions of one open image: sends each plane that is needed once, whatever the number of regions in it,
 * and nothing of the other planes.
 * <p>
 * The planes travel along an axis {@code P} of their own; the answers name them by the image's own axes again.
 */
public final class ImageJob {

    /** Room in a message for all that is not pixels, beside the regions. */
    private static final int OVERHEAD_BYTES = 64 * 1024;
    /** Room for a region's place in its plane, beside the region itself. */
    private static final int REGION_BYTES = 32;

    private final PlaneSource image;
    private final Map<Map<String, Integer>, List<Region>> regionsByPlane = new LinkedHashMap<>();
    private final Map<Map<String, Integer>, List<Object>> tagsByPlane = new LinkedHashMap<>();
    private List<ImagePart> parts;
    private FiniteRange range;

    /**
     * Starts without any place.
     *
     * @param image the open image
     */
    public ImageJob(final PlaneSource image) {
        this.image = image;
    }

    /**
     * Adds a whole plane.
     *
     * @param plane index (from 0) by axis letter; empty for an image of one plane
     * @return this
     */
    public ImageJob plane(final Map<String, Integer> plane) {
        return region(plane, Regions.box("", 0, 0, image.width(), image.height()), null);
    }

    /**
     * Adds a region.
     *
     * @param plane  index (from 0) by axis letter; empty for an image of one plane
     * @param region made by {@link Regions}
     * @param tag    whatever stands for it in the program; given back by {@link #tags()}
     * @return this
     */
    public ImageJob region(final Map<String, Integer> plane, final Region region, final Object tag) {
        parts = null;
        final Map<String, Integer> key = new TreeMap<>(plane);
        regionsByPlane.computeIfAbsent(key, absent -> new ArrayList<>()).add(region);
        tagsByPlane.computeIfAbsent(key, absent -> new ArrayList<>()).add(tag);
        return this;
    }

    /**
     * The first place alone, to try a model on.
     *
     * @return a job of one item
     */
    public ImageJob first() {
        final ImageJob one = new ImageJob(image);
        for (final Map.Entry<Map<String, Integer>, List<Region>> entry : regionsByPlane.entrySet()) {
            return one.region(entry.getKey(), entry.getValue().get(0), tagsByPlane.get(entry.getKey()).get(0));
        }
        return one;
    }

    /**
     * Number of items.
     *
     * @return planes and regions
     */
    public int size() {
        return tags().size();
    }

    /**
     * The regions.
     *
     * @return in the order of the answer's items; a whole plane is a box of its size
     */
    public List<Region> regions() {
        final List<Region> all = new ArrayList<>();
        for (final List<Region> regions : regionsByPlane.values()) {
            all.addAll(regions);
        }
        return all;
    }

    /**
     * What was given with each item.
     *
     * @return in the order of the answer's items; null for whole planes
     */
    public List<Object> tags() {
        final List<Object> all = new ArrayList<>();
        for (final List<Object> tags : tagsByPlane.values()) {
            all.addAll(tags);
        }
        return all;
    }

    /**
     * Copies the pixels now, so that later changes to the image do not matter and several models see the same. What
     * does not fit into one request is spread over several, by its bytes and by its number of items. All values but those of
     * 8 bits are looked through, also in the image's other planes, so that the intensities of all places are treated
     * alike.
     *
     * @param limits what one request may hold, as the server states it
     * @return this
     */
    public ImageJob read(final Limits limits) {
        if (regionsByPlane.isEmpty()) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_REGION,
                    "There is nothing to classify in " + image.name() + ".").field("regions");
        }
        final Packing packing = new Packing(limits);
        for (final Map.Entry<Map<String, Integer>, List<Region>> entry : regionsByPlane.entrySet()) {
            for (final Region region : entry.getValue()) {
                packing.add(entry.getKey(), region);
            }
        }
        final List<ImagePart> read = new ArrayList<>();
        range = new FiniteRange(image.type());
        Picture before = null;
        Set<Map<String, Integer>> beforeOf = null;
        for (final Map<Map<String, Integer>, List<Region>> places : packing.parts) {
            final Picture picture;
            if (places.keySet().equals(beforeOf)) {
                picture = before;
            } else {
                picture = picture(new ArrayList<>(places.keySet()));
                range.add(picture);
            }
            read.add(new ImagePart(picture, places, this::isWhole));
            before = picture;
            beforeOf = places.keySet();
        }
        if (range.isWanted()) {
            for (final Map<String, Integer> plane : image.loadedPlanes()) {
                if (!regionsByPlane.containsKey(plane)) {
                    range.add(picture(Collections.singletonList(plane)));
                }
            }
        }
        parts = read;
        return this;
    }

    /**
     * Divides the job into requests; reads the pixels if that was not done.
     *
     * @param limits the server's
     * @return what goes into each request
     */
    public List<ImagePart> parts(final Limits limits) {
        if (parts == null) {
            read(limits);
        }
        return parts;
    }

    private Picture picture(final List<Map<String, Integer>> planes) {
        final String axes = image.planeAxes();
        final boolean several = planes.size() > 1;
        final int[] shape = new int[axes.length() + (several ? 1 : 0)];
        int next = 0;
        if (several) {
            shape[next++] = planes.size();
        }
        for (final char axis : axes.toCharArray()) {
            shape[next++] = axis == 'X' ? image.width() : axis == 'Y' ? image.height() : image.channels();
        }
        final PixelBuffer buffer = Picture.pixels(image.name(), image.type(), (several ? "P" : "") + axes, shape);
        for (final Map<String, Integer> plane : planes) {
            image.copy(plane, buffer);
        }
        return buffer.picture();
    }

    /**
     * Prepares a run of one model over every item.
     *
     * @param zoo   the server
     * @param model {@code id} or {@code id@version}
     * @param setup fills in framework, options, cancellation
     * @return the run, not begun yet
     */
    public ImageRun with(final ZooBridge zoo, final String model, final Setup setup) {
        return new ImageRun(parts(zoo.limits()), part -> {
            final ClassifyCall call = zoo.classify(model).picture(part.picture()).regions(part.regions());
            setup.apply(call);
            return call.valuesOf(range);
        });
    }

    private boolean isWhole(final Region region) {
        return region.getId().isEmpty() && region.getMask().isEmpty() && region.getBox().getX() == 0
                && region.getBox().getY() == 0 && region.getBox().getWidth() == image.width()
                && region.getBox().getHeight() == image.height();
    }

    /** Spreads places over requests, in order, each as full as the server takes it. */
    private final class Packing {

        private final long planeBytes = (long) image.width() * image.height() * image.channels()
                * PixelBuffer.elementBytes(image.type());
        private final long room;
        private final int most;
        private final List<Map<Map<String, Integer>, List<Region>>> parts = new ArrayList<>();
        private Map<Map<String, Integer>, List<Region>> open;
        private long bytes;
        private int items;

        Packing(final Limits limits) {
            final long message = limits.getMessageBytes() == 0 ? Integer.MAX_VALUE
                    : Math.min(limits.getMessageBytes(), Integer.MAX_VALUE);
            room = message - OVERHEAD_BYTES;
            most = limits.getItems() == 0 ? Integer.MAX_VALUE : limits.getItems();
        }

        void add(final Map<String, Integer> plane, final Region region) {
            final long regionBytes = region.getSerializedSize() + REGION_BYTES;
            if (planeBytes + regionBytes > room) {
                throw ZooBridgeException.of(ErrorReason.ERROR_REASON_LIMIT,
                        "One plane of " + image.name() + " with its regions takes "
                        + (planeBytes + regionBytes >> 20) + " MiB; the server takes messages of "
                        + (room + OVERHEAD_BYTES >> 20) + " MiB. Crop or scale the image, or raise the server's limit.").field("image");
            }
            final long more = regionBytes + (open != null && open.containsKey(plane) ? 0 : planeBytes);
            if (open == null || bytes + more > room || items == most) {
                open = new LinkedHashMap<>();
                parts.add(open);
                bytes = planeBytes + regionBytes;
                items = 1;
            } else {
                bytes += more;
                items++;
            }
            open.computeIfAbsent(plane, absent -> new ArrayList<>()).add(region);
        }
    }

    /** Fills in what a call needs beside the picture. */
    @FunctionalInterface
    public interface Setup {

        /**
         * Fills in framework, options, cancellation.
         *
         * @param call the call
         */
        void apply(ClassifyCall call);
    }
}
