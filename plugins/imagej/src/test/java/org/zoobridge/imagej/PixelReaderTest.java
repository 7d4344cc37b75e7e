package org.zoobridge.imagej;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.CompositeImage;
import ij.IJ;
import ij.ImagePlus;
import ij.process.ByteProcessor;
import ij.process.ColorProcessor;
import ij.process.FloatProcessor;
import ij.process.LUT;
import ij.process.ShortProcessor;

import java.awt.Color;
import java.util.Collections;

import org.junit.jupiter.api.Test;
import org.zoobridge.client.pixels.Picture;
import org.zoobridge.client.pixels.PixelBuffer;
import org.zoobridge.client.results.ResultTable;
import org.zoobridge.v1.DataType;

class PixelReaderTest {

    /** The bytes that would be sent for the plane that is shown. */
    private static byte[] sent(final ImagePlus image) {
        final PixelReader reader = new PixelReader(image);
        final int[] shape = new int[reader.planeAxes().length()];
        for (int i = 0; i < shape.length; i++) {
            final char axis = reader.planeAxes().charAt(i);
            shape[i] = axis == 'Y' ? reader.height() : axis == 'X' ? reader.width() : reader.channels();
        }
        final PixelBuffer buffer = Picture.pixels("test", reader.type(), reader.planeAxes(), shape);
        reader.copy(reader.currentPlane(), buffer);
        return buffer.picture().bytes();
    }

    @Test
    void eightBitPixelsGoAsTheyAreWhateverTheColourTable() {
        final ImagePlus image = new ImagePlus("a", new ByteProcessor(2, 1, new byte[] {3, (byte) 200}));
        image.getProcessor().setLut(LUT.createLutFromColor(Color.red));
        assertEquals("YX", new PixelReader(image).planeAxes());
        image.getProcessor().invertLut();
        assertEquals(DataType.DATA_TYPE_UINT8, new PixelReader(image).type());
        assertEquals(3, sent(image)[0]);
        assertEquals((byte) 200, sent(image)[1]);
    }

    @Test
    void editsThatWereNeverSavedAreSent() {
        final ImagePlus image = new ImagePlus("a", new ByteProcessor(2, 1));
        image.getProcessor().set(1, 0, 77);
        assertEquals(77, sent(image)[1]);
    }

    @Test
    void sixteenBitsAreLittleEndianAndUnsigned() {
        final ImagePlus image = new ImagePlus("a", new ShortProcessor(1, 1, new short[] {(short) 0xFEDC}, null));
        assertEquals(DataType.DATA_TYPE_UINT16, new PixelReader(image).type());
        assertEquals((byte) 0xDC, sent(image)[0]);
        assertEquals((byte) 0xFE, sent(image)[1]);
    }

    @Test
    void signedSixteenBitsAreSentWithTheirSign() {
        final ImagePlus image = new ImagePlus("a", new ShortProcessor(1, 1, new short[] {(short) (32768 - 5)}, null));
        image.getLocalCalibration().setSigned16BitCalibration();
        assertEquals(DataType.DATA_TYPE_INT16, new PixelReader(image).type());
        assertEquals((byte) -5, sent(image)[0]);
        assertEquals((byte) -1, sent(image)[1]);
    }

    @Test
    void floatsKeepTheirValues() {
        final ImagePlus image = new ImagePlus("a", new FloatProcessor(1, 1, new float[] {-1.5f}));
        assertEquals(DataType.DATA_TYPE_FLOAT32, new PixelReader(image).type());
        final byte[] bytes = sent(image);
        final int bits = bytes[0] & 255 | (bytes[1] & 255) << 8 | (bytes[2] & 255) << 16 | bytes[3] << 24;
        assertEquals(-1.5f, Float.intBitsToFloat(bits));
    }

    @Test
    void rgbIsColourLast() {
        final ImagePlus image = new ImagePlus("a", new ColorProcessor(1, 1, new int[] {0xff010203}));
        final PixelReader reader = new PixelReader(image);
        assertEquals("YXC", reader.planeAxes());
        assertEquals(3, reader.channels());
        assertEquals(1, sent(image)[0]);
        assertEquals(2, sent(image)[1]);
        assertEquals(3, sent(image)[2]);
    }

    /** Pixels hold 100 c + 10 z + t. */
    private static ImagePlus hyperstack() {
        final ImagePlus image = IJ.createHyperStack("h", 2, 2, 2, 3, 4, 16);
        for (int t = 1; t <= 4; t++) {
            for (int z = 1; z <= 3; z++) {
                for (int c = 1; c <= 2; c++) {
                    image.getStack().getProcessor(image.getStackIndex(c, z, t)).set(0, 0, 100 * c + 10 * z + t);
                }
            }
        }
        return image;
    }

    @Test
    void aPlaneOfAHyperstackHoldsItsChannels() {
        final ImagePlus image = new CompositeImage(hyperstack(), CompositeImage.COMPOSITE);
        image.setPositionWithoutUpdate(2, 3, 4);
        final PixelReader reader = new PixelReader(image);
        assertEquals("CYX", reader.planeAxes());
        assertEquals("T=3,Z=2", ResultTable.planeText(reader.currentPlane(), 0));
        final byte[] bytes = sent(image);
        assertEquals((byte) 134, bytes[0]);
        assertEquals((byte) 234, bytes[8]);
    }

    @Test
    void allPlanesAreNamedByAxesLongerThanOne() {
        assertEquals(12, new PixelReader(hyperstack()).allPlanes().size());
        final PixelReader plain = new PixelReader(new ImagePlus("a", new ByteProcessor(2, 2)));
        assertEquals(Collections.singletonList(Collections.emptyMap()), plain.allPlanes());
        final PixelReader stack = new PixelReader(IJ.createImage("s", "8-bit", 2, 2, 5));
        assertEquals("Z=4", ResultTable.planeText(stack.allPlanes().get(4), 0));
        assertTrue(stack.currentPlane().containsKey("Z"));
    }
}
