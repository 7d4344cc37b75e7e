package org.zoobridge.imagej;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;

import org.junit.jupiter.api.Test;
import org.zoobridge.client.errors.InvalidRequestException;

class ChoicesTest {

    private static Choices choices(final String words) {
        return Choices.of(MacroOptions.of(words));
    }

    @Test
    void aMacroStatesWhatItWants() {
        final Choices choices = choices("framework=onnx model=digits@1.2 target=[ROI Manager] top=7 tile_size=64 "
                + "channels=3,2,1 all_scores overlay");
        assertEquals("onnx", choices.frameworkName());
        assertEquals("digits@1.2", choices.model());
        assertEquals(Target.ROI_MANAGER, choices.target());
        assertEquals(7, choices.top());
        assertEquals(64, choices.tileSize());
        assertArrayEquals(new int[] {2, 1, 0}, choices.channelIndexes());
        assertTrue(choices.allScores());
        assertTrue(choices.overlay());
    }

    @Test
    void whatAMacroDoesNotStateHasItsDocumentedDefault() {
        new Choices().model("other").top(9).overlay(true).remember();
        final Choices choices = choices("model=digits");
        assertEquals("", choices.frameworkName());
        assertEquals(Target.IMAGE, choices.target());
        assertEquals(3, choices.top());
        assertEquals(128, choices.tileSize());
        assertEquals(0, choices.channelIndexes().length);
        assertFalse(choices.allScores());
        assertFalse(choices.overlay());
    }

    @Test
    void aWordInsideAValueIsNoFlag() {
        assertFalse(choices("model=[my overlay model]").overlay());
        assertTrue(choices("model=[my model] overlay").overlay());
    }

    @Test
    void numbersThatAreNoneAreNamed() {
        assertTrue(assertThrows(InvalidRequestException.class, () -> choices("model=a top=many")).getMessage()
                .contains("top=many"));
        assertThrows(InvalidRequestException.class, () -> choices("channels=0").channelIndexes());
        assertThrows(InvalidRequestException.class, () -> choices("channels=red").channelIndexes());
    }

    @Test
    void theLastChoicesAreRemembered() {
        new Choices().framework("pytorch").model("textures").target(Target.TILES).top(5).tileSize(77).allScores(true)
                .overlay(false).remember();
        final Choices choices = Choices.remembered();
        assertEquals("pytorch", choices.framework());
        assertEquals("textures", choices.model());
        assertEquals(Target.TILES, choices.target());
        assertEquals(5, choices.top());
        assertEquals(77, choices.tileSize());
        assertTrue(choices.allScores());
        assertFalse(choices.overlay());
    }

    @Test
    void modelsToCompareAreSplitAtCommasAndSpaces() {
        assertEquals(Arrays.asList("digits", "textures@2"), ComparePlugIn.split(" digits,textures@2 digits"));
        assertTrue(ComparePlugIn.split("  ").isEmpty());
    }
}
