package org.zoobridge.client.pixels;

import com.google.protobuf.UnsafeByteOperations;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.DataType;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Image;
import org.zoobridge.v1.Pixels;

/**
 * Pixels on their way into a {@link Picture}: put in plane after plane, last axis fastest, in whatever array the
 * program holds them. Signed and unsigned types share Java's arrays; the data type says which is meant.
 */
public final class PixelBuffer {

    private final String name;
    private final DataType type;
    private final String axes;
    private final int[] shape;
    private final ByteBuffer bytes;

    PixelBuffer(final String name, final DataType type, final String axes, final int... shape) {
        if (axes.length() != shape.length) {
            throw mismatch(axes, shape);
        }
        long size = elementBytes(type);
        for (final int length : shape) {
            if (length < 1) {
                throw mismatch(axes, shape);
            }
            size *= length;
            if (size > Integer.MAX_VALUE - 1024) {
                throw ZooBridgeException.of(ErrorReason.ERROR_REASON_LIMIT,
                        "The picture " + name + " has more than 2 GiB of pixels; send some "
                        + "of its planes at a time.").field("image.pixels.data");
            }
        }
        this.name = name;
        this.type = type;
        this.axes = axes;
        this.shape = shape.clone();
        this.bytes = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ZooBridgeException mismatch(final String axes, final int... shape) {
        return ZooBridgeException.of(ErrorReason.ERROR_REASON_IMAGE_FORMAT,
                "The axes " + axes + " do not describe the shape "
                + Arrays.toString(shape) + "; give one letter for each length, and lengths of at least 1.").field("image.pixels.axes");
    }

    /**
     * Size of a pixel.
     *
     * @param type a type
     * @return bytes
     */
    public static int elementBytes(final DataType type) {
        switch (type) {
            case DATA_TYPE_BOOL:
            case DATA_TYPE_UINT8:
            case DATA_TYPE_INT8:
                return 1;
            case DATA_TYPE_UINT16:
            case DATA_TYPE_INT16:
            case DATA_TYPE_FLOAT16:
                return 2;
            case DATA_TYPE_UINT32:
            case DATA_TYPE_INT32:
            case DATA_TYPE_FLOAT32:
                return 4;
            case DATA_TYPE_UINT64:
            case DATA_TYPE_INT64:
            case DATA_TYPE_FLOAT64:
                return 8;
            default:
                throw ZooBridgeException.of(ErrorReason.ERROR_REASON_IMAGE_FORMAT,
                        "The pixels' data type is not stated.").field("image.pixels.data_type");
        }
    }

    /**
     * Appends pixels of one byte each.
     *
     * @param pixels the next pixels
     * @return this
     */
    public PixelBuffer put(final byte... pixels) {
        expect(1, pixels.length);
        bytes.put(pixels);
        return this;
    }

    /**
     * Appends pixels of two bytes each.
     *
     * @param pixels the next pixels
     * @return this
     */
    public PixelBuffer put(final short... pixels) {
        expect(2, pixels.length);
        bytes.asShortBuffer().put(pixels);
        return advance(pixels.length * 2);
    }

    /**
     * Appends pixels of four bytes each.
     *
     * @param pixels the next pixels
     * @return this
     */
    public PixelBuffer put(final int... pixels) {
        expect(4, pixels.length);
        bytes.asIntBuffer().put(pixels);
        return advance(pixels.length * 4);
    }

    /**
     * Appends pixels in single precision.
     *
     * @param pixels the next pixels
     * @return this
     */
    public PixelBuffer put(final float... pixels) {
        expect(4, pixels.length);
        bytes.asFloatBuffer().put(pixels);
        return advance(pixels.length * 4);
    }

    /**
     * Appends pixels in double precision.
     *
     * @param pixels the next pixels
     * @return this
     */
    public PixelBuffer put(final double... pixels) {
        expect(8, pixels.length);
        bytes.asDoubleBuffer().put(pixels);
        return advance(pixels.length * 8);
    }

    private PixelBuffer advance(final int count) {
        bytes.position(bytes.position() + count);
        return this;
    }

    private void expect(final int size, final int count) {
        if (elementBytes(type) != size || (long) count * size > bytes.remaining()) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_IMAGE_FORMAT,
                    count + " pixels of " + size + " bytes do not fit a picture of "
                    + type + " and shape " + Arrays.toString(shape) + " with " + bytes.remaining()
                    + " bytes left; check data type and shape.").field("image.pixels.data");
        }
    }

    /**
     * The picture, once all its pixels are in.
     *
     * @return the picture; this object must not be used afterwards
     * @throws ZooBridgeException if pixels are missing
     */
    public Picture picture() {
        if (bytes.hasRemaining()) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_IMAGE_FORMAT,
                    "The picture " + name + " lacks " + bytes.remaining()
                    + " bytes of pixels; check its shape " + Arrays.toString(shape) + ".").field("image.pixels.data");
        }
        bytes.flip();
        final Pixels.Builder pixels = Pixels.newBuilder().setData(UnsafeByteOperations.unsafeWrap(bytes))
                .setDataType(type).setAxes(axes);
        for (final int length : shape) {
            pixels.addShape(length);
        }
        return new Picture(Image.newBuilder().setName(name).setPixels(pixels).build());
    }
}
