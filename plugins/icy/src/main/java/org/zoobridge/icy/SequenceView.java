package org.zoobridge.icy;

import java.util.List;

import org.zoobridge.v1.DataType;

/** An open sequence: pixels by T, Z and C, and the regions drawn in it. Indexes are from 0. */
public interface SequenceView {

    /**
     * Its name.
     *
     * @return the name
     */
    String name();

    /**
     * Columns.
     *
     * @return pixels
     */
    int sizeX();

    /**
     * Rows.
     *
     * @return pixels
     */
    int sizeY();

    /**
     * Slices.
     *
     * @return number of them
     */
    int sizeZ();

    /**
     * Frames.
     *
     * @return number of them
     */
    int sizeT();

    /**
     * Channels.
     *
     * @return number of them
     */
    int sizeC();

    /**
     * Type of a pixel.
     *
     * @return the type
     */
    DataType type();

    /**
     * Area of a pixel.
     *
     * @return square micrometres; 1 where the size is not known
     */
    double pixelArea();

    /**
     * The slice that is shown.
     *
     * @return index; -1 where all are
     */
    int shownZ();

    /**
     * The frame that is shown.
     *
     * @return index
     */
    int shownT();

    /**
     * A copy of one channel of one plane, row after row.
     *
     * @param t frame
     * @param z slice
     * @param c channel
     * @return {@code byte[]}, {@code short[]}, {@code int[]}, {@code float[]} or {@code double[]}; null where there is
     *         no such plane
     */
    Object pixels(int t, int z, int c);

    /**
     * The regions.
     *
     * @param selectedOnly whether only selected ones are wanted
     * @return in Icy's order
     */
    List<RegionView> regions(boolean selectedOnly);

    /**
     * Notes something in the sequence's properties.
     *
     * @param name  property
     * @param value its value
     */
    void note(String name, String value);
}
