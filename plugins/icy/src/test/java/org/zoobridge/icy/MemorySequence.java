package org.zoobridge.icy;

import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.zoobridge.v1.DataType;

/** A sequence in memory: 16-bit, pixels hold 1000 t + 100 z + 10 c. */
final class MemorySequence implements SequenceView {

    final List<RegionView> regions = new ArrayList<>();
    final List<RegionView> selected = new ArrayList<>();
    final Map<String, String> notes = new HashMap<>();
    String name = "memory";
    private final int sizeT;
    private final int sizeZ;
    private final int sizeC;

    MemorySequence(final int sizeT, final int sizeZ, final int sizeC) {
        this.sizeT = sizeT;
        this.sizeZ = sizeZ;
        this.sizeC = sizeC;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int sizeX() {
        return 20;
    }

    @Override
    public int sizeY() {
        return 10;
    }

    @Override
    public int sizeZ() {
        return sizeZ;
    }

    @Override
    public int sizeT() {
        return sizeT;
    }

    @Override
    public int sizeC() {
        return sizeC;
    }

    @Override
    public DataType type() {
        return DataType.DATA_TYPE_UINT16;
    }

    @Override
    public double pixelArea() {
        return 0.25;
    }

    @Override
    public int shownZ() {
        return sizeZ - 1;
    }

    @Override
    public int shownT() {
        return 0;
    }

    @Override
    public Object pixels(final int t, final int z, final int c) {
        final short[] pixels = new short[200];
        java.util.Arrays.fill(pixels, (short) (1000 * t + 100 * z + 10 * c));
        return pixels;
    }

    @Override
    public List<RegionView> regions(final boolean selectedOnly) {
        return selectedOnly ? selected : regions;
    }

    @Override
    public void note(final String name, final String value) {
        notes.put(name, value);
    }

    /** A region whose mask is a checkerboard, or full. */
    static RegionView region(final String name, final Rectangle bounds, final int z, final int t,
            final boolean checkered) {
        return new RegionView() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public int z() {
                return z;
            }

            @Override
            public int t() {
                return t;
            }

            @Override
            public Rectangle bounds() {
                return bounds;
            }

            @Override
            public boolean[] mask(final Rectangle box, final int slice, final int frame) {
                final boolean[] mask = new boolean[box.width * box.height];
                for (int i = 0; i < mask.length; i++) {
                    mask[i] = !checkered || i % 2 == 0;
                }
                return mask;
            }
        };
    }
}
