package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.process.ImageProcessor;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.zoobridge.client.pixels.PixelBuffer;
import org.zoobridge.client.pixels.PlaneSource;
import org.zoobridge.v1.DataType;

/**
 * The pixels of an open image as they are now, edits that were never saved included.
 * <p>
 * Values are sent as stored: brightness, contrast and colour tables do not touch them, so colour comes only from RGB
 * images and from channels.
 */
public final class PixelReader implements PlaneSource {

    private static final int SIGNED_OFFSET = 32768;

    private final ImagePlus image;

    /**
     * Reads from an image.
     *
     * @param image an open image
     */
    public PixelReader(final ImagePlus image) {
        this.image = image;
    }

    @Override
    public String name() {
        return image.getTitle();
    }

    @Override
    public int width() {
        return image.getWidth();
    }

    @Override
    public int height() {
        return image.getHeight();
    }

    @Override
    public String planeAxes() {
        return isRgb() ? "YXC" : image.getNChannels() > 1 ? "CYX" : "YX";
    }

    @Override
    public int channels() {
        return isRgb() ? 3 : image.getNChannels();
    }

    @Override
    public DataType type() {
        switch (image.getBitDepth()) {
            case 16:
                return isSigned() ? DataType.DATA_TYPE_INT16 : DataType.DATA_TYPE_UINT16;
            case 32:
                return DataType.DATA_TYPE_FLOAT32;
            default:
                return DataType.DATA_TYPE_UINT8;
        }
    }

    private boolean isRgb() {
        return image.getType() == ImagePlus.COLOR_RGB;
    }

    /** ImageJ holds signed pixels as unsigned ones with an offset. */
    private boolean isSigned() {
        return image.getBitDepth() == 16 && image.getCalibration().isSigned16Bit();
    }

    @Override
    public List<Map<String, Integer>> loadedPlanes() {
        return image.getStack().isVirtual() ? Collections.emptyList() : allPlanes();
    }

    @Override
    public void copy(final Map<String, Integer> plane, final PixelBuffer buffer) {
        final int z = plane.getOrDefault("Z", 0) + 1;
        final int t = plane.getOrDefault("T", 0) + 1;
        final int channels = isRgb() ? 1 : image.getNChannels();
        for (int c = 1; c <= channels; c++) {
            put(processor(image.getStackIndex(c, z, t)).getPixels(), buffer);
        }
    }

    private ImageProcessor processor(final int index) {
        if (image.getStackSize() == 1) {
            return image.getProcessor();
        }
        // Edits of the slice that is shown may be in its processor only: a virtual stack reads its slices anew.
        final boolean shown = index == image.getCurrentSlice() && !image.isComposite();
        return shown ? image.getProcessor() : image.getStack().getProcessor(index);
    }

    private void put(final Object pixels, final PixelBuffer buffer) {
        if (pixels instanceof byte[]) {
            buffer.put((byte[]) pixels);
        } else if (pixels instanceof short[]) {
            buffer.put(isSigned() ? shifted((short[]) pixels) : (short[]) pixels);
        } else if (pixels instanceof float[]) {
            buffer.put((float[]) pixels);
        } else {
            buffer.put(unpacked((int[]) pixels));
        }
    }

    private static short[] shifted(final short[] pixels) {
        final short[] values = new short[pixels.length];
        for (int i = 0; i < pixels.length; i++) {
            values[i] = (short) ((pixels[i] & 0xffff) - SIGNED_OFFSET);
        }
        return values;
    }

    private static byte[] unpacked(final int[] pixels) {
        final byte[] bytes = new byte[pixels.length * 3];
        for (int i = 0; i < pixels.length; i++) {
            bytes[3 * i] = (byte) (pixels[i] >> 16);
            bytes[3 * i + 1] = (byte) (pixels[i] >> 8);
            bytes[3 * i + 2] = (byte) pixels[i];
        }
        return bytes;
    }

    /**
     * The plane that is shown.
     *
     * @return index (from 0) by axis letter; axes of length 1 are left out
     */
    public Map<String, Integer> currentPlane() {
        return plane(image.getSlice(), image.getFrame());
    }

    /**
     * A plane by ImageJ's numbers.
     *
     * @param slice from 1
     * @param frame from 1
     * @return index (from 0) by axis letter; axes of length 1 are left out
     */
    public Map<String, Integer> plane(final int slice, final int frame) {
        final Map<String, Integer> plane = new TreeMap<>();
        if (image.getNFrames() > 1) {
            plane.put("T", frame - 1);
        }
        if (image.getNSlices() > 1) {
            plane.put("Z", slice - 1);
        }
        return plane;
    }

    /**
     * All planes.
     *
     * @return frame by frame, in each slice by slice
     */
    public List<Map<String, Integer>> allPlanes() {
        final List<Map<String, Integer>> planes = new ArrayList<>();
        for (int frame = 1; frame <= image.getNFrames(); frame++) {
            for (int slice = 1; slice <= image.getNSlices(); slice++) {
                planes.add(plane(slice, frame));
            }
        }
        return planes;
    }
}
