package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.gui.ImageRoi;
import ij.gui.Roi;
import ij.gui.TextRoi;
import ij.plugin.frame.RoiManager;
import ij.process.ImageProcessor;

import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.jobs.ImageJob;
import org.zoobridge.client.pixels.Regions;
import org.zoobridge.client.training.KeepTogether;
import org.zoobridge.client.training.TrainingProject;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Region;

/** Finds what a target means in an image: its planes, and regions from ImageJ's selections. */
public final class Places {

    /** Property of what this plugin draws, so that it is never taken for a region of the user's. */
    static final String OWN = "zoobridge";

    private final ImagePlus image;
    private final PixelReader reader;

    /**
     * Looks for places in an image.
     *
     * @param image an open image
     */
    public Places(final ImagePlus image) {
        this.image = image;
        this.reader = new PixelReader(image);
    }

    /**
     * The job that choices stand for. Regions carry their {@link Place} as tag.
     *
     * @param choices what to classify
     * @return the job; its pixels are not read yet
     */
    ImageJob job(final Choices choices) {
        final ImageJob job = new ImageJob(reader);
        switch (choices.targetIn(image)) {
            case SLICE:
                job.plane(reader.currentPlane());
                break;
            case SELECTION:
                addSelection(job);
                break;
            case ROI_MANAGER:
                addAll(job, managed(), "The ROI Manager is empty. Add regions to it (Edit > Selection > Add to "
                        + "Manager), or choose another target.");
                break;
            case OVERLAY:
                addAll(job, overlaid(), "The overlay holds no regions. Add some (Image > Overlay > Add Selection), or "
                        + "choose another target.");
                break;
            case LABELS:
                addObjects(job, LabelImage.of(choices.labels(), image));
                break;
            case TILES:
                for (final Region tile : Regions.tiles(image.getWidth(), image.getHeight(), choices.tileSize())) {
                    add(job, reader.currentPlane(), Place.of(tile, new Roi(tile.getBox().getX(), tile.getBox().getY(),
                            tile.getBox().getWidth(), tile.getBox().getHeight())));
                }
                break;
            default:
                for (final Map<String, Integer> plane : reader.allPlanes()) {
                    job.plane(plane);
                }
        }
        return job;
    }

    /**
     * Regions with their classes, for training.
     *
     * @param rois     areas that have a class
     * @param classes  gives the class of each
     * @param together what is never divided between fitting and testing
     * @return the job, tagged as {@link TrainingProject#annotate} wants it
     */
    ImageJob annotated(final List<Roi> rois, final RoiClasses classes, final KeepTogether together) {
        final ImageJob job = new ImageJob(reader);
        for (int i = 0; i < rois.size(); i++) {
            final Roi roi = rois.get(i);
            job.region(plane(roi), region(roi, name(roi, "ROI " + (i + 1))), new TrainingProject.Label(classes.of(roi),
                    together.group(image.getTitle(), plane(roi), i + 1)));
        }
        return job;
    }

    /** In how many planes regions lie. */
    int planes(final List<Roi> rois) {
        final Set<Map<String, Integer>> planes = new HashSet<>();
        rois.forEach(roi -> planes.add(plane(roi)));
        return planes.size();
    }

    private void addSelection(final ImageJob job) {
        final Roi roi = image.getRoi();
        if (roi == null) {
            throw nothing("There is no selection in " + image.getTitle() + ". Draw one, or choose another target.");
        }
        add(job, reader.currentPlane(), Place.of(region(roi, name(roi, "selection")), roi));
    }

    private void addObjects(final ImageJob job, final LabelImage labels) {
        final List<Map<String, Integer>> planes = labels.isStack() ? reader.allPlanes()
                : Collections.singletonList(reader.currentPlane());
        for (final Map<String, Integer> plane : planes) {
            for (final Place object : labels.objects(labels.plane(plane.getOrDefault("Z", 0) + 1,
                    plane.getOrDefault("T", 0) + 1))) {
                add(job, plane, object);
            }
        }
        if (job.size() == 0) {
            throw nothing(labels.title() + " holds no label. Choose an image in which each object has a number of its "
                    + "own.");
        }
    }

    private static void add(final ImageJob job, final Map<String, Integer> plane, final Place place) {
        job.region(plane, place.region(), place);
    }

    private void addAll(final ImageJob job, final List<Roi> rois, final String whenEmpty) {
        if (rois.isEmpty()) {
            throw nothing(whenEmpty);
        }
        for (int i = 0; i < rois.size(); i++) {
            add(job, plane(rois.get(i)), Place.of(region(rois.get(i), name(rois.get(i), "ROI " + (i + 1))),
                    rois.get(i)));
        }
    }

    private static ZooBridgeException nothing(final String message) {
        return ZooBridgeException.of(ErrorReason.ERROR_REASON_REGION, message).field("regions");
    }

    static List<Roi> managed() {
        final RoiManager manager = RoiManager.getInstance2();
        return manager == null ? new ArrayList<>() : Arrays.asList(manager.getRoisAsArray());
    }

    /**
     * The user's regions in the overlay: neither texts and pictures nor what this plugin has drawn.
     *
     * @return regions in the overlay's order
     */
    public List<Roi> overlaid() {
        final List<Roi> rois = new ArrayList<>();
        if (image.getOverlay() != null) {
            for (final Roi roi : image.getOverlay().toArray()) {
                if (!(roi instanceof TextRoi) && !(roi instanceof ImageRoi) && roi.getProperty(OWN) == null) {
                    rois.add(roi);
                }
            }
        }
        return rois;
    }

    private static String name(final Roi roi, final String absent) {
        final String own = ManagedRegions.ownName(roi);
        return own == null || own.isEmpty() ? absent : own;
    }

    /** A region without a position of its own is looked at in the slice that is shown. */
    private Map<String, Integer> plane(final Roi roi) {
        if (roi.hasHyperStackPosition()) {
            return reader.plane(roi.getZPosition() > 0 ? Math.min(roi.getZPosition(), image.getNSlices())
                    : image.getSlice(), roi.getTPosition() > 0 ? Math.min(roi.getTPosition(), image.getNFrames())
                    : image.getFrame());
        }
        final int position = roi.getPosition();
        if (position < 1 || position > image.getStackSize()) {
            return reader.currentPlane();
        }
        final int[] numbers = image.convertIndexToPosition(position);
        return reader.plane(numbers[1], numbers[2]);
    }

    /**
     * A selection as a region of the protocol.
     *
     * @param roi an area
     * @param id  the region's name
     * @return its box, with a mask unless it is a plain rectangle
     * @throws ZooBridgeException if it is a line, a point or a text
     */
    static Region region(final Roi roi, final String id) {
        if (!roi.isArea() || roi instanceof TextRoi || roi instanceof ImageRoi) {
            throw nothing("The selection \"" + id + "\" is a " + roi.getTypeAsString().toLowerCase(Locale.ROOT)
                    + ", not an area. Turn it into one (Edit > Selection > Line to Area, or Enlarge…).");
        }
        final Rectangle box = roi.getBounds();
        final ImageProcessor mask = roi.getMask();
        if (mask == null) {
            return Regions.box(id, box.x, box.y, box.width, box.height);
        }
        final boolean[] inside = new boolean[box.width * box.height];
        for (int y = 0; y < Math.min(box.height, mask.getHeight()); y++) {
            for (int x = 0; x < Math.min(box.width, mask.getWidth()); x++) {
                inside[y * box.width + x] = mask.get(x, y) != 0;
            }
        }
        return Regions.masked(id, box.x, box.y, box.width, box.height, inside);
    }
}
