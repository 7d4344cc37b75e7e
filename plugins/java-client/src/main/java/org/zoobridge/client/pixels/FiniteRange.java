package org.zoobridge.client.pixels;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.Set;

import org.zoobridge.v1.DataType;
import org.zoobridge.v1.ValueRange;

/**
 * The smallest and the greatest finite value of an image, found plane by plane. Ordinary pictures of 8 bits need none:
 * the range of their type says all.
 */
public final class FiniteRange {

    private static final Set<DataType> LOOKED_THROUGH = EnumSet.of(DataType.DATA_TYPE_INT8, DataType.DATA_TYPE_UINT16,
            DataType.DATA_TYPE_INT16, DataType.DATA_TYPE_UINT32, DataType.DATA_TYPE_INT32, DataType.DATA_TYPE_FLOAT32,
            DataType.DATA_TYPE_FLOAT64);

    private final DataType type;
    private double low = Double.POSITIVE_INFINITY;
    private double high = Double.NEGATIVE_INFINITY;

    /**
     * Starts without a value.
     *
     * @param type the image's
     */
    public FiniteRange(final DataType type) {
        this.type = type;
    }

    /**
     * Whether the pixels are looked through.
     *
     * @return false where the range of their type says all
     */
    public boolean isWanted() {
        return LOOKED_THROUGH.contains(type);
    }

    /**
     * Whether a finite value was found.
     *
     * @return true once one was
     */
    public boolean isKnown() {
        return low <= high;
    }

    /**
     * Looks through pixels of the image.
     *
     * @param picture pixels of its type
     */
    public void add(final Picture picture) {
        if (!isWanted()) {
            return;
        }
        final ByteBuffer pixels = picture.message().getPixels().getData().asReadOnlyByteBuffer()
                .order(ByteOrder.LITTLE_ENDIAN);
        while (pixels.hasRemaining()) {
            final double value = next(pixels);
            if (!Double.isNaN(value) && !Double.isInfinite(value)) {
                low = Math.min(low, value);
                high = Math.max(high, value);
            }
        }
    }

    private double next(final ByteBuffer pixels) {
        switch (type) {
            case DATA_TYPE_INT8:
                return pixels.get();
            case DATA_TYPE_UINT16:
                return pixels.getShort() & 0xffff;
            case DATA_TYPE_INT16:
                return pixels.getShort();
            case DATA_TYPE_UINT32:
                return Integer.toUnsignedLong(pixels.getInt());
            case DATA_TYPE_INT32:
                return pixels.getInt();
            case DATA_TYPE_FLOAT32:
                return pixels.getFloat();
            case DATA_TYPE_FLOAT64:
                return pixels.getDouble();
            default:
                throw new IllegalStateException(type + " is not looked through");
        }
    }

    /**
     * The range as the contract has it.
     *
     * @return the smallest and the greatest finite value
     */
    public ValueRange message() {
        return ValueRange.newBuilder().setLow(low).setHigh(high).build();
    }
}
