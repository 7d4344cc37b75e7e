package org.zoobridge.icy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.pixels.PixelBuffer;
import org.zoobridge.client.pixels.PlaneSource;
import org.zoobridge.v1.DataType;
import org.zoobridge.v1.ErrorReason;

/** A sequence's planes, all channels of each. */
final class SequencePlanes implements PlaneSource {

    private final SequenceView sequence;

    SequencePlanes(final SequenceView sequence) {
        this.sequence = sequence;
    }

    @Override
    public String name() {
        return sequence.name();
    }

    @Override
    public int width() {
        return sequence.sizeX();
    }

    @Override
    public int height() {
        return sequence.sizeY();
    }

    @Override
    public String planeAxes() {
        return sequence.sizeC() > 1 ? "CYX" : "YX";
    }

    @Override
    public int channels() {
        return sequence.sizeC();
    }

    @Override
    public DataType type() {
        return sequence.type();
    }

    @Override
    public List<Map<String, Integer>> loadedPlanes() {
        final List<Map<String, Integer>> planes = new ArrayList<>();
        for (int t = 0; t < sequence.sizeT(); t++) {
            for (int z = 0; z < sequence.sizeZ(); z++) {
                planes.add(plane(t, z));
            }
        }
        return planes;
    }

    /** Indexes of a plane along the axes that the sequence has. */
    Map<String, Integer> plane(final int t, final int z) {
        final Map<String, Integer> plane = new TreeMap<>();
        if (sequence.sizeT() > 1) {
            plane.put("T", Math.min(t, sequence.sizeT() - 1));
        }
        if (sequence.sizeZ() > 1) {
            plane.put("Z", Math.min(z, sequence.sizeZ() - 1));
        }
        return plane;
    }

    @Override
    public void copy(final Map<String, Integer> plane, final PixelBuffer buffer) {
        final int t = plane.getOrDefault("T", 0);
        final int z = plane.getOrDefault("Z", 0);
        for (int c = 0; c < sequence.sizeC(); c++) {
            final Object pixels = sequence.pixels(t, z, c);
            if (pixels instanceof byte[]) {
                buffer.put((byte[]) pixels);
            } else if (pixels instanceof short[]) {
                buffer.put((short[]) pixels);
            } else if (pixels instanceof int[]) {
                buffer.put((int[]) pixels);
            } else if (pixels instanceof float[]) {
                buffer.put((float[]) pixels);
            } else if (pixels instanceof double[]) {
                buffer.put((double[]) pixels);
            } else {
                throw ZooBridgeException.of(ErrorReason.ERROR_REASON_IMAGE_FORMAT,
                        sequence.name() + " has no pixels at T=" + t + ", Z=" + z
                        + "; choose a plane that exists.").field("image");
            }
        }
    }
}
