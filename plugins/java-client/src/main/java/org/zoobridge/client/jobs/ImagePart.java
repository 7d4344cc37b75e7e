package org.zoobridge.client.jobs;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

import org.zoobridge.client.pixels.Picture;
import org.zoobridge.client.pixels.Regions;
import org.zoobridge.v1.Region;

/** What of an open image goes in one request: some of its planes, and places in them. */
public final class ImagePart {

    private final Picture picture;
    private final List<Map<String, Integer>> planes;
    private final List<Region> regions = new ArrayList<>();
    private final int size;

    /**
     * Puts a request's places together.
     *
     * @param picture the pixels of the planes, along an axis {@code P} if there are several
     * @param places  regions by plane, in order
     * @param isWhole whether a region is its whole plane
     */
    ImagePart(final Picture picture, final Map<Map<String, Integer>, List<Region>> places,
            final Predicate<Region> isWhole) {
        this.picture = picture;
        this.planes = new ArrayList<>(places.keySet());
        boolean whole = true;
        int index = 0;
        for (final List<Region> here : places.values()) {
            whole &= here.size() == 1 && isWhole.test(here.get(0));
            for (final Region region : here) {
                regions.add(planes.size() == 1 ? region
                        : Regions.inPlane(region, Collections.singletonMap("P", index)));
            }
            index++;
        }
        size = regions.size();
        if (whole) {
            // Without regions, each plane is classified as a whole.
            regions.clear();
        }
    }

    /**
     * The pixels of the planes.
     *
     * @return along an axis {@code P} if there are several
     */
    public Picture picture() {
        return picture;
    }

    /**
     * The places.
     *
     * @return empty where each plane is classified as a whole
     */
    public List<Region> regions() {
        return regions;
    }

    /** The image's own planes, in the order of their positions along {@code P}. */
    List<Map<String, Integer>> planes() {
        return planes;
    }

    /** Number of items. */
    int size() {
        return size;
    }
}
