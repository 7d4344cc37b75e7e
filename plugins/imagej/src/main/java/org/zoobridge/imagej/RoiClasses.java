package org.zoobridge.imagej;

import ij.gui.Roi;

import java.util.regex.Pattern;

import org.zoobridge.client.options.Named;


/** Where the classes of regions stand, for training. */
public enum RoiClasses implements Named {

    /** In their names; a number that keeps names apart is left out: {@code cell-2}, {@code cell 2} are {@code cell}. */
    NAMES("ROI names") {
        @Override
        public String of(final Roi roi) {
            final String own = ManagedRegions.ownName(roi);
            if (own == null || GIVEN_BY_IMAGEJ.matcher(own).matches()) {
                return null;
            }
            final String label = own.replaceFirst("[ _-]?\\d+$", "").trim();
            return label.isEmpty() ? null : label;
        }
    },
    /** In their groups, by the group's name. */
    GROUPS("Groups") {
        @Override
        public String of(final Roi roi) {
            if (roi.getGroup() == 0) {
                return null;
            }
            final String name = Roi.getGroupName(roi.getGroup());
            return name == null || name.isEmpty() ? "group " + roi.getGroup() : name;
        }
    };

    /** Such as {@code 0012-0034}, by position. */
    private static final Pattern GIVEN_BY_IMAGEJ = Pattern.compile("\\d+(-\\d+)+");

    private final String label;

    RoiClasses(final String label) {
        this.label = label;
    }

    @Override
    public String label() {
        return label;
    }

    /**
     * The class of a region.
     *
     * @param roi the region
     * @return null where it has none
     */
    public abstract String of(Roi roi);
}
