package org.zoobridge.client.pixels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.zoobridge.client.Failing;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Region;

class RegionsTest {

    @Test
    void masksArePackedLeastSignificantBitFirstWithoutRowPadding() {
        final boolean[] inside = new boolean[9];
        inside[0] = true;
        inside[3] = true;
        inside[8] = true;
        assertArrayEquals(new byte[] {0b1001, 1}, Regions.pack(inside));
        assertArrayEquals(new byte[] {0b1001, 1},
                Regions.masked("r", 0, 0, 3, 3, inside).getMask().toByteArray());
    }

    @Test
    void aMaskMustHaveTheSizeOfItsBox() {
        Failing.with(ErrorReason.ERROR_REASON_REGION, () -> Regions.masked("r", 0, 0, 3, 3, new boolean[8]));
    }

    @Test
    void anEmptyBoxIsRefused() {
        Failing.with(ErrorReason.ERROR_REASON_REGION, () -> Regions.box("r", 0, 0, 0, 3));
    }

    @Test
    void aRegionCanBeTiedToAPlane() {
        final Region region = Regions.inPlane(Regions.box("r", -2, 1, 3, 4), Collections.singletonMap("Z", 5));
        assertEquals(5, region.getPlane().getIndexesMap().get("Z"));
        assertEquals(-2, region.getBox().getX());
    }

    @Test
    void tilesCoverEveryPixelAndAreAllWhole() {
        final boolean[][] seen = new boolean[50][70];
        for (final Region tile : Regions.tiles(70, 50, 32)) {
            assertEquals(32, tile.getBox().getWidth());
            assertEquals(32, tile.getBox().getHeight());
            for (int y = 0; y < 32; y++) {
                for (int x = 0; x < 32; x++) {
                    seen[tile.getBox().getY() + y][tile.getBox().getX() + x] = true;
                }
            }
        }
        for (final boolean[] row : seen) {
            for (final boolean pixel : row) {
                assertTrue(pixel);
            }
        }
    }

    @Test
    void aTileLargerThanThePictureIsThePicture() {
        final List<Region> tiles = Regions.tiles(20, 10, 32);
        assertEquals(1, tiles.size());
        assertEquals(20, tiles.get(0).getBox().getWidth());
        assertEquals(10, tiles.get(0).getBox().getHeight());
        Failing.with(ErrorReason.ERROR_REASON_REGION, () -> Regions.tiles(20, 10, 0));
    }
}
