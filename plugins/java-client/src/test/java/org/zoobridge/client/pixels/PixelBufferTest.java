package org.zoobridge.client.pixels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

import org.junit.jupiter.api.Test;
import org.zoobridge.client.Failing;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.DataType;
import org.zoobridge.v1.ErrorReason;

class PixelBufferTest {

    private static byte[] data(final Picture picture) {
        return picture.message().getPixels().getData().toByteArray();
    }

    @Test
    void shortsAreLittleEndianWhateverTheMachine() {
        final Picture picture = Picture.pixels("a", DataType.DATA_TYPE_UINT16, "YX", 1, 2)
                .put((short) 0x0102, (short) 0xFFFE).picture();
        assertArrayEquals(new byte[] {2, 1, (byte) 0xFE, (byte) 0xFF}, data(picture));
    }

    @Test
    void planesFollowEachOther() {
        final Picture picture = Picture.pixels("a", DataType.DATA_TYPE_FLOAT32, "ZYX", 2, 1, 2)
                .put(1.5f, -2f).put(Float.MAX_VALUE, 0f).picture();
        final ByteBuffer expected = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        expected.putFloat(1.5f).putFloat(-2f).putFloat(Float.MAX_VALUE).putFloat(0f);
        assertArrayEquals(expected.array(), data(picture));
        assertEquals("ZYX", picture.message().getPixels().getAxes());
        assertEquals(3, picture.message().getPixels().getShapeCount());
        assertEquals(16, picture.size());
    }

    @Test
    void integersAndDoublesKeepTheirBits() {
        assertArrayEquals(new byte[] {4, 3, 2, 1},
                data(Picture.pixels("a", DataType.DATA_TYPE_UINT32, "YX", 1, 1).put(0x01020304).picture()));
        assertArrayEquals(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putDouble(Math.PI).array(),
                data(Picture.pixels("a", DataType.DATA_TYPE_FLOAT64, "YX", 1, 1).put(Math.PI).picture()));
    }

    @Test
    void missingAndSurplusPixelsAreRefused() {
        assertThrows(ZooBridgeException.class,
                () -> Picture.pixels("a", DataType.DATA_TYPE_UINT8, "YX", 2, 2).put(new byte[3]).picture());
        assertThrows(ZooBridgeException.class,
                () -> Picture.pixels("a", DataType.DATA_TYPE_UINT8, "YX", 2, 2).put(new byte[5]));
        assertThrows(ZooBridgeException.class,
                () -> Picture.pixels("a", DataType.DATA_TYPE_UINT8, "YX", 2, 2).put(new short[2]));
    }

    @Test
    void axesMustDescribeTheShape() {
        Failing.with(ErrorReason.ERROR_REASON_IMAGE_FORMAT, () -> Picture.pixels("a", DataType.DATA_TYPE_UINT8, "YX", 2));
        Failing.with(ErrorReason.ERROR_REASON_IMAGE_FORMAT, () -> Picture.pixels("a", DataType.DATA_TYPE_UINT8, "YX", 0, 2));
        assertThrows(ZooBridgeException.class,
                () -> Picture.pixels("a", DataType.DATA_TYPE_UNSPECIFIED, "YX", 2, 2));
    }

    @Test
    void whatNoArrayCanHoldIsRefusedBeforeItIsMade() {
        assertThrows(ZooBridgeException.class,
                () -> Picture.pixels("a", DataType.DATA_TYPE_FLOAT64, "ZYX", 1000, 1000, 1000));
    }
}
