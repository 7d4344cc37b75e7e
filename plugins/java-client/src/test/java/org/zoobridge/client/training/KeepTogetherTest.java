package org.zoobridge.client.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Collections;
import java.util.Map;

import org.junit.jupiter.api.Test;

class KeepTogetherTest {

    private static final Map<String, Integer> PLANE = Collections.singletonMap("Z", 2);

    @Test
    void automaticKeepsTheLargestTogetherOfWhichThereAreSeveral() {
        assertEquals(KeepTogether.IMAGES, KeepTogether.AUTOMATIC.resolved(2, 5));
        assertEquals(KeepTogether.PLANES, KeepTogether.AUTOMATIC.resolved(1, 5));
        assertEquals(KeepTogether.NOTHING, KeepTogether.AUTOMATIC.resolved(1, 1));
        assertEquals(KeepTogether.IMAGES, KeepTogether.IMAGES.resolved(1, 1));
    }

    @Test
    void whatIsKeptTogetherHasOneGroup() {
        assertEquals("a.tif", KeepTogether.IMAGES.group("a.tif", PLANE, 3));
        assertEquals("a.tif Z=2", KeepTogether.PLANES.group("a.tif", PLANE, 3));
        assertEquals("a.tif region 3", KeepTogether.NOTHING.group("a.tif", PLANE, 3));
    }
}
