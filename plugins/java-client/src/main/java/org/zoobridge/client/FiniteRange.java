package org.zoobridge.client;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

import org.zoobridge.v1.DataType;
import org.zoobridge.v1.ValueRange;

/**
 * The smallest and the greatest finite value of an image of floats, found plane by plane. Whole numbers are mapped by
 * the range of their type and need none.
 */
final class FiniteRange {

    private final DataType type;
    private double low = Double.POSITIVE_INFINITY;
    private double high = Double.NEGATIVE_INFINITY;

    /**
     * Starts without a value.
     *
     * @param type the image's
     */
    FiniteRange(final DataType type) {
        this.type = type;
    }

    boolean isWanted() {
        return type == DataType.DATA_TYPE_FLOAT32 || type == DataType.DATA_TYPE_FLOAT64;
    }

    boolean isKnown() {
        return low <= high;
    }

    /** Looks through pixels of the image. */
    void add(final Picture picture) {
        if (!isWanted()) {
            return;
        }
        final ByteBuffer pixels = picture.message().getPixels().getData().asReadOnlyByteBuffer()
                .order(ByteOrder.LITTLE_ENDIAN);
        while (pixels.hasRemaining()) {
            final double value = type == DataType.DATA_TYPE_FLOAT32 ? pixels.getFloat() : pixels.getDouble();
            if (!Double.isNaN(value) && !Double.isInfinite(value)) {
                low = Math.min(low, value);
                high = Math.max(high, value);
            }
        }
    }

    ValueRange message() {
        return ValueRange.newBuilder().setLow(low).setHigh(high).build();
    }
}
