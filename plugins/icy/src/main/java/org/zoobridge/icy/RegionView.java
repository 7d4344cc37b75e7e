package org.zoobridge.icy;

import java.awt.Rectangle;

/** A region drawn in a sequence. */
public interface RegionView {

    /**
     * Its name.
     *
     * @return the name
     */
    String name();

    /**
     * The slice in which it lies.
     *
     * @return index; -1 for all of them
     */
    int z();

    /**
     * The frame in which it lies.
     *
     * @return index; -1 for all of them
     */
    int t();

    /**
     * Its bounds; they may leave the picture.
     *
     * @return in pixels
     */
    Rectangle bounds();

    /**
     * Which pixels belong to it.
     *
     * @param box part of the picture
     * @param z   slice
     * @param t   frame
     * @return row after row
     */
    boolean[] mask(Rectangle box, int z, int t);
}
