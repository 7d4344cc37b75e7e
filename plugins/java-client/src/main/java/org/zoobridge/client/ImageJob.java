package org.zoobridge.client;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.zoobridge.client.errors.LimitException;
import org.zoobridge.client.errors.RegionException;
import org.zoobridge.client.errors.ZooBridgeException.Facts;
import org.zoobridge.v1.Region;

/**
 * Planes and regions of one open image: sends each plane that is needed once, whatever the number of regions in it,
 * and nothing of the other planes.
 * <p>
 * The planes travel along an axis {@code P} of their own; the answers name them by the image's own axes again.
 */
public final class ImageJob {

    /** Up to so many items, one unary call answers sooner than a stream. */
    private static final int FEW_ITEMS = 8;
    /** Room in a message for all that is not pixels, beside the regions. */
    private static final int OVERHEAD_BYTES = 64 * 1024;

    private final PlaneSource image;
    private final Map<Map<String, Integer>, List<Region>> regionsByPlane = new LinkedHashMap<>();
    private final Map<Map<String, Integer>, List<Object>> tagsByPlane = new LinkedHashMap<>();
    private List<Picture> pictures;
    private int planesInPicture;

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
        pictures = null;
        final Map<String, Integer> key = new TreeMap<>(plane);
        regionsByPlane.computeIfAbsent(key, absent -> new ArrayList<>()).add(region);
        tagsByPlane.computeIfAbsent(key, absent -> new ArrayList<>()).add(tag);
        return this;
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
     * Copies the pixels now, so that later changes to the image do not matter and several models see the same.
     *
     * @param messageLimit size of one message that the server takes, in bytes
     * @return this
     */
    public ImageJob read(final int messageLimit) {
        if (regionsByPlane.isEmpty()) {
            throw new RegionException(new Facts("There is nothing to classify in " + image.name() + ".")
                    .reason("REGION").field("regions"));
        }
        final List<Map<String, Integer>> planes = new ArrayList<>(regionsByPlane.keySet());
        final long planeBytes = (long) image.width() * image.height() * image.channels()
                * PixelBuffer.elementBytes(image.type());
        long regionBytes = 0;
        for (final List<Region> regions : regionsByPlane.values()) {
            for (final Region region : regions) {
                regionBytes += region.getSerializedSize() + 32;
            }
        }
        final long room = messageLimit - OVERHEAD_BYTES - regionBytes;
        if (planeBytes > room && messageLimit > OVERHEAD_BYTES) {
            throw new LimitException(new Facts("One plane of " + image.name() + " with its regions takes "
                    + (planeBytes + regionBytes >> 20) + " MiB; the server takes messages of " + (messageLimit >> 20)
                    + " MiB. Crop or scale the image, or raise the server's limit.").reason("LIMIT").field("image"));
        }
        final int each = (int) Math.max(1, Math.min(planes.size(), Math.min(room, Integer.MAX_VALUE / 2) / planeBytes));
        final List<Picture> read = new ArrayList<>();
        for (int first = 0; first < planes.size(); first += each) {
            read.add(picture(planes.subList(first, Math.min(planes.size(), first + each))));
        }
        planesInPicture = each;
        pictures = read;
        return this;
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
     * Classifies every item and waits.
     *
     * @param zoo   the server
     * @param setup fills in framework, options, cancellation
     * @param model {@code id} or {@code id@version}
     * @param told  told of the items that are done
     * @return the items in the order of {@link #tags()}
     */
    public Answer run(final ZooBridge zoo, final String model, final Setup setup, final Progress told) {
        if (pictures == null) {
            read(zoo.limit());
        }
        final int all = size();
        final List<Map<String, Integer>> planes = new ArrayList<>(regionsByPlane.keySet());
        final List<Answer> parts = new ArrayList<>();
        int done = 0;
        for (int i = 0; i < pictures.size(); i++) {
            final int first = i * planesInPicture;
            final List<Map<String, Integer>> here =
                    planes.subList(first, Math.min(planes.size(), first + planesInPicture));
            final ClassifyCall call = zoo.classify(model).picture(pictures.get(i)).regions(regions(here));
            setup.apply(call);
            final int before = done;
            final int expected = items(here);
            call.progress((count, total) -> told.advanced(before + count, all));
            final Answer answer = expected > FEW_ITEMS ? call.stream() : call.run();
            done += expected;
            told.advanced(done, all);
            parts.add(answer.moved(before, here));
        }
        return Answer.join(parts);
    }

    private int items(final List<Map<String, Integer>> planes) {
        int count = 0;
        for (final Map<String, Integer> plane : planes) {
            count += regionsByPlane.get(plane).size();
        }
        return count;
    }

    private List<Region> regions(final List<Map<String, Integer>> planes) {
        boolean whole = true;
        final List<Region> regions = new ArrayList<>();
        for (int i = 0; i < planes.size(); i++) {
            final List<Region> here = regionsByPlane.get(planes.get(i));
            whole &= here.size() == 1 && isWhole(here.get(0));
            for (final Region region : here) {
                regions.add(planes.size() == 1 ? region : Regions.inPlane(region, Collections.singletonMap("P", i)));
            }
        }
        return whole ? Collections.<Region>emptyList() : regions;
    }

    private boolean isWhole(final Region region) {
        return region.getId().isEmpty() && region.getMask().isEmpty() && region.getBox().getX() == 0
                && region.getBox().getY() == 0 && region.getBox().getWidth() == image.width()
                && region.getBox().getHeight() == image.height();
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
