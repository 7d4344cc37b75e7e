package org.zoobridge.client.pixels;

import com.google.protobuf.ByteString;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.Box;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Plane;
import org.zoobridge.v1.Region;

/** Makes the places in a picture that are to be classified. */
public final class Regions {

    private Regions() {
    }

    /**
     * A box, looked at in every selected plane.
     *
     * @param id     name that its result carries
     * @param x      first column inside, from 0
     * @param y      first row inside, from 0
     * @param width  columns
     * @param height rows
     * @return the region
     */
    public static Region box(final String id, final int x, final int y, final int width, final int height) {
        if (width < 1 || height < 1) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_REGION,
                    "The region " + id + " is empty; draw it at least one pixel wide and "
                    + "high.").field("regions");
        }
        return Region.newBuilder().setId(id).setBox(Box.newBuilder().setX(x).setY(y).setWidth(width)
                .setHeight(height)).build();
    }

    /**
     * A box with a mask.
     *
     * @param id     name that its result carries
     * @param x      first column of the box, from 0
     * @param y      first row of the box, from 0
     * @param width  columns of the box
     * @param height rows of the box
     * @param inside row after row, which pixels of the box belong to the region; {@code width * height} of them
     * @return the region
     */
    public static Region masked(final String id, final int x, final int y, final int width, final int height,
            final boolean... inside) {
        final Region region = box(id, x, y, width, height);
        if (inside.length != (long) width * height) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_REGION,
                    "The mask of the region " + id + " has " + inside.length
                    + " pixels; its box has " + width + " x " + height + ".").field("regions.mask");
        }
        return region.toBuilder().setMask(ByteString.copyFrom(pack(inside))).build();
    }

    /** One bit a pixel, the least significant bit of each byte first. */
    static byte[] pack(final boolean... inside) {
        final byte[] bits = new byte[(inside.length + 7) / 8];
        for (int i = 0; i < inside.length; i++) {
            if (inside[i]) {
                bits[i >> 3] |= 1 << (i & 7);
            }
        }
        return bits;
    }

    /**
     * The same region in one plane only.
     *
     * @param region a region
     * @param plane  index (from 0) by axis letter, such as {@code T} and {@code Z}
     * @return the region
     */
    public static Region inPlane(final Region region, final Map<String, Integer> plane) {
        return region.toBuilder().setPlane(Plane.newBuilder().putAllIndexes(plane)).build();
    }

    /**
     * A grid of boxes over a picture, row after row. Boxes at the right and lower edge are kept whole by moving them
     * inwards, so that every pixel is looked at and every box has the full size.
     *
     * @param width  columns of the picture
     * @param height rows of the picture
     * @param tile   side of a box; larger than the picture means one box of the picture's size
     * @return boxes named {@code tile 1}, {@code tile 2}, …
     */
    public static List<Region> tiles(final int width, final int height, final int tile) {
        if (tile < 1) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_REGION,
                    "Tiles of " + tile + " pixels cannot be cut; give a size of at least "
                    + "1.").field("regions");
        }
        final int columns = Math.min(tile, width);
        final int rows = Math.min(tile, height);
        final List<Region> boxes = new ArrayList<>();
        for (int top = 0; top < height; top += tile) {
            for (int left = 0; left < width; left += tile) {
                boxes.add(box("tile " + (boxes.size() + 1), Math.min(left, width - columns),
                        Math.min(top, height - rows), columns, rows));
            }
        }
        return boxes;
    }
}
