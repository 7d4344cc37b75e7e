package org.zoobridge.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Collections;

import org.junit.jupiter.api.Test;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;

class OwnWordsTest {

    private static ZooBridgeException error(final String sentence) {
        return ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST, sentence);
    }

    @Test
    void anErrorNamesTheDialogsFieldThatItIsAbout() {
        assertEquals("unit_range maps floats. Field: \"Intensity\" (intensity=...).",
                OwnWords.sentence(error("unit_range maps floats").field("options.intensity.rule")));
        assertEquals("there is no series 9. Field: \"Series\" (series=...).",
                OwnWords.sentence(error("there is no series 9.").field("image.series")));
    }

    @Test
    void whatChangesItGoesBeforeWhatIsWrong() {
        final ZooBridgeException error = error("the image has 5").field("image")
                .metadata(Collections.singletonMap("option", "options.channels"));
        assertEquals("the image has 5. Field: \"Channels\" (channels=...).", OwnWords.sentence(error));
    }

    @Test
    void aSettingOfTheServerIsNamed() {
        assertEquals("too many. Setting of the server: queued_bytes, max_items.", OwnWords.sentence(error("too many")
                .metadata(Collections.singletonMap("setting", "queued_bytes,max_items"))));
    }

    @Test
    void whatHasNoFieldOfTheDialogsStaysAsItIsWithoutTheShellsOptions() {
        assertEquals("group by less", OwnWords.sentence(error("group by less (--group-by picture)").field("project")));
        assertEquals("the zoo is empty", OwnWords.sentence(error("the zoo is empty; add one with: zoobridge add")));
    }
}
