package org.zoobridge.imagej;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.IJ;
import ij.ImagePlus;
import ij.gui.Line;
import ij.gui.OvalRoi;
import ij.gui.Overlay;
import ij.gui.PointRoi;
import ij.gui.PolygonRoi;
import ij.gui.Roi;
import ij.gui.ShapeRoi;
import ij.gui.TextRoi;
import ij.process.ByteProcessor;

import org.junit.jupiter.api.Test;
import org.zoobridge.client.Failing;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Region;

class PlacesTest {

    private static ImagePlus image() {
        return new ImagePlus("cells", new ByteProcessor(100, 80));
    }

    private static boolean inside(final Region region, final int x, final int y) {
        final int bit = y * region.getBox().getWidth() + x;
        return (region.getMask().byteAt(bit >> 3) >> (bit & 7) & 1) == 1;
    }

    @Test
    void aRectangleIsABoxWithoutMask() {
        final Region region = Places.region(new Roi(5, 6, 7, 8), "r");
        assertTrue(region.getMask().isEmpty());
        assertEquals(5, region.getBox().getX());
        assertEquals(8, region.getBox().getHeight());
    }

    @Test
    void masksAreExactlyImageJs() {
        final Roi[] rois = {new OvalRoi(3, 4, 21, 13),
            new PolygonRoi(new float[] {1, 30.5f, 12}, new float[] {2, 5, 25.25f}, 3, Roi.POLYGON),
            new ShapeRoi(new Roi(0, 0, 9, 9)).not(new ShapeRoi(new OvalRoi(2, 2, 5, 5)))};
        for (final Roi roi : rois) {
            final Region region = Places.region(roi, "r");
            int count = 0;
            for (int y = 0; y < region.getBox().getHeight(); y++) {
                for (int x = 0; x < region.getBox().getWidth(); x++) {
                    final boolean expected = roi.contains(region.getBox().getX() + x, region.getBox().getY() + y);
                    assertEquals(roi.getMask().get(x, y) != 0, inside(region, x, y));
                    count += expected ? 1 : 0;
                }
            }
            assertTrue(count > 0);
        }
    }

    @Test
    void linesPointsAndTextsAreNoAreas() {
        final Roi[] rois = {new Line(0, 0, 9, 9), new PointRoi(3, 3), new TextRoi(1, 1, "text")};
        for (final Roi roi : rois) {
            final ZooBridgeException error = Failing.with(ErrorReason.ERROR_REASON_REGION, () -> Places.region(roi, "mine"));
            assertTrue(error.getMessage().contains("mine"), error.getMessage());
        }
    }

    @Test
    void withoutASelectionItSaysSo() {
        assertTrue(Failing.with(ErrorReason.ERROR_REASON_REGION, () -> new Places(image()).job(new Choices().target(Target.SELECTION).tileSize(10)))
                .getMessage().contains("no selection in cells"));
        Failing.with(ErrorReason.ERROR_REASON_REGION, () -> new Places(image()).job(new Choices().target(Target.OVERLAY).tileSize(10)));
        Failing.with(ErrorReason.ERROR_REASON_REGION, () -> new Places(image()).job(new Choices().target(Target.ROI_MANAGER).tileSize(10)));
    }

    @Test
    void theOverlaysRegionsAreTakenButNotItsTextsNorOurOwn() {
        final ImagePlus image = image();
        final Overlay overlay = new Overlay();
        overlay.add(new Roi(0, 0, 5, 5));
        overlay.add(new TextRoi(0, 0, "text"));
        final Roi own = new Roi(0, 0, 6, 6);
        own.setProperty(Places.OWN, "grass");
        overlay.add(own);
        overlay.add(new OvalRoi(10, 10, 5, 5));
        image.setOverlay(overlay);
        assertEquals(2, new Places(image).job(new Choices().target(Target.OVERLAY).tileSize(10)).size());
    }

    @Test
    void stacksGiveAnItemForEachPlane() {
        final ImagePlus stack = IJ.createHyperStack("h", 8, 8, 2, 3, 4, 8);
        assertEquals(12, new Places(stack).job(new Choices().target(Target.STACK).tileSize(10)).size());
        assertEquals(12, new Places(stack).job(new Choices().target(Target.IMAGE).tileSize(10)).size());
        assertEquals(1, new Places(stack).job(new Choices().target(Target.SLICE).tileSize(10)).size());
    }

    @Test
    void tilesCoverThePicture() {
        assertEquals(4 * 3, new Places(image()).job(new Choices().target(Target.TILES).tileSize(30)).size());
    }

    @Test
    void targetsAreReadAsMacrosWriteThem() {
        assertEquals(Target.ROI_MANAGER, Target.of("roi_manager"));
        assertEquals(Target.STACK, Target.of(" All Slices "));
        for (final Target target : Target.values()) {
            assertEquals(target, Target.of(target.label()));
        }
        assertTrue(assertThrows(RuntimeException.class, () -> Target.of("everything")).getMessage()
                .contains("Current slice"));
    }
}
