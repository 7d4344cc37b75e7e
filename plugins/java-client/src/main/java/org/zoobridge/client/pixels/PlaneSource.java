package org.zoobridge.client.pixels;

import java.util.Collections;
import java.util.List;
import java.util.Map;

import org.zoobridge.v1.DataType;

/** An image that is open in a program, readable plane by plane as it is at this moment. */
public interface PlaneSource {

    /**
     * What results and messages call it.
     *
     * @return the title
     */
    String name();

    /**
     * Columns of a plane.
     *
     * @return pixels
     */
    int width();

    /**
     * Rows of a plane.
     *
     * @return pixels
     */
    int height();

    /**
     * Axes of one plane.
     *
     * @return {@code YX}, {@code CYX} or {@code YXC}
     */
    String planeAxes();

    /**
     * Channels of one plane.
     *
     * @return 1 for {@code YX}
     */
    int channels();

    /**
     * Type of a pixel.
     *
     * @return the type
     */
    DataType type();

    /**
     * All planes of the image, where they lie in memory. Their intensities are judged by the values of all of these,
     * whichever are classified.
     *
     * @return indexes as of {@link #copy}; empty where planes are read from a disk, and those that are classified count
     */
    default List<Map<String, Integer>> loadedPlanes() {
        return Collections.emptyList();
    }

    /**
     * Copies a plane's pixels.
     *
     * @param plane  index (from 0) by axis letter, such as {@code T} and {@code Z}; empty for an image of one plane
     * @param buffer takes all pixels of the plane, in the order of {@link #planeAxes()}
     */
    void copy(Map<String, Integer> plane, PixelBuffer buffer);
}
