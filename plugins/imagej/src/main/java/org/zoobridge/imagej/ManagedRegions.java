package org.zoobridge.imagej;

import ij.IJ;
import ij.ImagePlus;
import ij.gui.Roi;
import ij.plugin.frame.RoiManager;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.zoobridge.client.Answer;
import org.zoobridge.client.ItemAnswer;


/**
 * Classes in the ROI Manager: behind a region's own name, and as its group. Regions that are not in it are added.
 */
final class ManagedRegions {

    /** Property of a region: its name before it was ever classified. */
    private static final String NAME = "zoobridge.name";

    private ManagedRegions() {
    }

    /** A region's name without the class that was put behind it. */
    static String ownName(final Roi roi) {
        final String kept = roi.getProperty(NAME);
        return kept == null ? roi.getName() : kept;
    }

    /**
     * Writes classes into the regions of the ROI Manager.
     *
     * @param image  the image that was classified
     * @param answer the answer
     * @param tags   the {@link Place} of each item by its index; null for whole planes
     */
    static void write(final ImagePlus image, final Answer answer, final List<Object> tags) {
        final RoiManager manager = RoiManager.getRoiManager();
        final Set<Roi> managed = new HashSet<>(Arrays.asList(manager.getRoisAsArray()));
        final boolean logged = IJ.getLog() != null;
        for (final ItemAnswer item : answer.items()) {
            final Place place = (Place) tags.get(item.index());
            if (place == null || item.failed() || item.top().isEmpty()) {
                continue;
            }
            final boolean added = !managed.contains(place.roi());
            final Roi roi = added ? Place.copy(place.roi()) : place.roi();
            if (added) {
                position(roi, image, item);
                roi.setName(item.region());
            }
            mark(roi, item.top().get(0).label(), item.top().get(0).index());
            if (added) {
                manager.addRoi(roi);
                // The ROI Manager gives a name of its own to what is added to it.
                manager.getRoi(manager.getCount() - 1).setName(roi.getName());
            }
        }
        if (!logged && IJ.getLog() != null) {
            IJ.log("\\Close");
        }
        refresh(manager);
    }

    /**
     * Writes a class into a region.
     *
     * @param roi   the region
     * @param label the class
     * @param index its place among the model's labels
     */
    static void mark(final Roi roi, final String label, final int index) {
        final String own = ownName(roi) == null ? "" : ownName(roi);
        roi.setGroup(Drawings.group(index));
        roi.setProperty(NAME, own);
        roi.setProperty(Places.OWN, label);
        roi.setName(own.isEmpty() ? label : own + ": " + label);
        if (Roi.getGroupName(Drawings.group(index)) == null) {
            Roi.setGroupName(Drawings.group(index), label);
        }
    }

    private static void position(final Roi roi, final ImagePlus image, final ItemAnswer item) {
        if (image.getStackSize() > 1) {
            roi.setPosition(0, item.plane().containsKey("Z") ? item.plane().get("Z") + 1 : 0,
                    item.plane().containsKey("T") ? item.plane().get("T") + 1 : 0);
        }
    }

    /** Has the list show the names as they are now. */
    private static void refresh(final RoiManager manager) {
        for (int i = 0; i < manager.getCount(); i++) {
            final String name = manager.getRoi(i).getName();
            if (name != null && !name.equals(manager.getName(i))) {
                manager.rename(i, name);
            }
        }
    }
}
