package org.zoobridge.imagej;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.ImagePlus;
import ij.gui.Line;
import ij.gui.OvalRoi;
import ij.process.ByteProcessor;

import org.junit.jupiter.api.Test;
import org.zoobridge.client.Failing;
import org.zoobridge.client.options.Words;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Intensity;
import org.zoobridge.v1.IntensityRule;

class ChoicesTest {

    private static Choices choices(final String words) {
        return Choices.of(Words.of(words).expecting("Classify...", Choices.KEYS));
    }

    @Test
    void intensitiesAreARuleOrTwoNumbers() {
        assertEquals(IntensityRule.INTENSITY_RULE_UNSPECIFIED, choices("model=digits").intensityRule().getRule());
        assertEquals(IntensityRule.INTENSITY_RULE_AS_IS, choices("intensity=as_is").intensityRule().getRule());
        final Intensity ends = choices("intensity=[-10, 4095]").intensityRule();
        assertEquals(IntensityRule.INTENSITY_RULE_EXPLICIT, ends.getRule());
        assertEquals(-10, ends.getLow());
        assertEquals(4095, ends.getHigh());
        for (final String wrong : new String[] {"asis", "5,1", "0,x", "0,NaN", "1,2,3"}) {
            assertTrue(Failing.with(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                    () -> choices("intensity=" + wrong).intensityRule()).getMessage().contains("such as 0,4095"));
        }
    }

    private static ImagePlus image() {
        return new ImagePlus("cells", new ByteProcessor(100, 80));
    }

    @Test
    void aMacroStatesWhatItWants() {
        final Choices choices = choices("framework=onnx model=digits@1.2 target=[ROI Manager] top=7 tile_size=64 "
                + "channels=3,2,1 all_scores overlay");
        assertEquals("onnx", choices.frameworkName());
        assertEquals("digits@1.2", choices.model());
        assertEquals(Target.ROI_MANAGER, choices.targetIn(image()));
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
        assertEquals(Target.IMAGE, choices.targetIn(image()));
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
        assertTrue(Failing.with(ErrorReason.ERROR_REASON_INVALID_REQUEST, () -> choices("model=a top=many")).getMessage()
                .contains("top=many"));
        Failing.with(ErrorReason.ERROR_REASON_INVALID_REQUEST, () -> choices("channels=0").channelIndexes());
        Failing.with(ErrorReason.ERROR_REASON_INVALID_REQUEST, () -> choices("channels=red").channelIndexes());
    }

    @Test
    void theLastChoicesAreRemembered() {
        new Choices().framework("pytorch").model("textures").target(Target.TILES).top(5).tileSize(77).allScores(true)
                .overlay(false).remember();
        final Choices choices = Choices.remembered();
        assertEquals("pytorch", choices.framework());
        assertEquals("textures", choices.model());
        assertEquals(Target.TILES, choices.targetIn(image()));
        assertEquals(5, choices.top());
        assertEquals(77, choices.tileSize());
        assertTrue(choices.allScores());
        assertFalse(choices.overlay());
    }

    @Test
    void whereNoTargetIsStatedTheSelectedAreaIsIt() {
        final ImagePlus image = image();
        assertEquals(Target.IMAGE, choices("model=digits").targetIn(image));
        image.setRoi(new OvalRoi(1, 1, 20, 20));
        assertEquals(Target.SELECTION, choices("model=digits").targetIn(image));
        image.setRoi(new Line(1, 1, 20, 20));
        assertEquals(Target.IMAGE, choices("model=digits").targetIn(image));
        assertEquals(Target.LABELS, choices("model=digits labels=nuclei").targetIn(image));
    }
}
