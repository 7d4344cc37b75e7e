package org.zoobridge.icy.adapter;

import icy.roi.ROI2D;

import java.awt.Rectangle;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.icy.RegionView;
import org.zoobridge.v1.ErrorReason;

/** An Icy region in a plane. */
final class IcyRegion implements RegionView {

    private final ROI2D roi;

    IcyRegion(final ROI2D roi) {
        this.roi = roi;
    }

    ROI2D roi() {
        return roi;
    }

    @Override
    public String name() {
        return ClassesEdit.ownName(roi);
    }

    @Override
    public int z() {
        return roi.getZ();
    }

    @Override
    public int t() {
        return roi.getT();
    }

    @Override
    public Rectangle bounds() {
        return roi.getBounds();
    }

    @Override
    public boolean[] mask(final Rectangle box, final int z, final int t) {
        try {
            // Every touched pixel: by the pixels wholly inside, small regions would be empty.
            return roi.getBooleanMask2D(box, z, t, -1, true);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_CANCELLED, "Cancelled.").causedBy(interrupted);
        }
    }
}
