package org.zoobridge.client;

import java.util.Arrays;
import java.util.Map;

import org.zoobridge.client.pixels.PixelBuffer;
import org.zoobridge.client.pixels.PlaneSource;
import org.zoobridge.v1.DataType;


/** A stack of square planes along T and Z whose pixels all hold 10 T + Z. */
public final class FakeStack implements PlaneSource {

    private final int side;

    public FakeStack(final int side) {
        this.side = side;
    }

    @Override
    public String name() {
        return "stack";
    }

    @Override
    public int width() {
        return side;
    }

    @Override
    public int height() {
        return side;
    }

    @Override
    public String planeAxes() {
        return "YX";
    }

    @Override
    public int channels() {
        return 1;
    }

    @Override
    public DataType type() {
        return DataType.DATA_TYPE_UINT8;
    }

    @Override
    public void copy(final Map<String, Integer> plane, final PixelBuffer buffer) {
        final byte[] pixels = new byte[side * side];
        Arrays.fill(pixels, (byte) (10 * plane.getOrDefault("T", 0) + plane.getOrDefault("Z", 0)));
        buffer.put(pixels);
    }
}
