package org.zoobridge.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.zoobridge.v1.AxisSize;
import org.zoobridge.v1.Model;
import org.zoobridge.v1.ModelInput;
import org.zoobridge.v1.Weights;

class ModelFitTest {

    private static Model model(final int channels, final String... names) {
        return Model.newBuilder().setId("hpa").setVersion("2")
                .setInput(ModelInput.newBuilder().setAxes("CYX").setFit("refuse").addAllChannelNames(Arrays.asList(names))
                        .putSizes("C", AxisSize.newBuilder().setMin(channels).build())
                        .putSizes("X", AxisSize.newBuilder().setMin(32).setStep(16).build())
                        .putSizes("Y", AxisSize.newBuilder().setMin(32).build()))
                .addWeights(Weights.newBuilder().setFramework("onnx"))
                .addWeights(Weights.newBuilder().setFramework("pytorch").setProblem("pytorch is not installed")
                        .setRemedy("pip install torch"))
                .addLabels("a").addLabelColors("#ff8000").build();
    }

    @Test
    void theSentenceNamesTheChannelsThatAreMissing() {
        assertEquals("hpa wants 4 channels (r, g, b, y); the image has 3",
                ModelFit.problem(model(4, "r", "g", "b", "y"), "", 3, 0, 0));
        assertEquals("", ModelFit.problem(model(4), "onnx", 4, 0, 0));
    }

    @Test
    void greyAndRgbAreConverted() {
        assertEquals("", ModelFit.problem(model(3), "", 1, 0, 0));
        assertEquals("", ModelFit.problem(model(3, "Blue", "green", "r"), "", 1, 0, 0));
        assertEquals("", ModelFit.problem(model(3, "channel0", "channel1", "channel2"), "", 1, 0, 0));
        assertTrue(ModelFit.problem(model(3, "dapi", "actin", "er"), "", 1, 0, 0).contains("dapi"));
        assertEquals("", ModelFit.problem(model(1), "", 3, 0, 0));
        assertTrue(ModelFit.problem(model(1), "", 2, 0, 0).contains("wants 1 channel;"));
    }

    @Test
    void aModelThatDoesNotScaleRefusesOtherSizes() {
        assertEquals("", ModelFit.problem(model(1), "", 1, 48, 32));
        assertTrue(ModelFit.problem(model(1), "", 1, 50, 32).contains("50 x 32"));
        assertTrue(ModelFit.problem(model(1), "", 1, 48, 48).contains("48 x 48"));
    }

    @Test
    void aFrameworkThatCannotBeUsedBringsItsRemedy() {
        assertEquals("pytorch is not installed (pip install torch)", ModelFit.problem(model(1), "pytorch"));
        assertEquals("hpa has no weights for tensorflow", ModelFit.problem(model(1), "tensorflow"));
        assertEquals("", ModelFit.problem(model(1), ""));
        assertEquals("broken", ModelFit.problem(model(1).toBuilder().setProblem("broken").build(), ""));
    }

    @Test
    void theNewestVersionGoesByItsId() {
        final Model newer = model(1);
        final Model older = newer.toBuilder().setVersion("1").build();
        final List<Model> models = Arrays.asList(newer, older);
        assertEquals("hpa", ModelFit.reference(newer, models));
        assertEquals("hpa@1", ModelFit.reference(older, models));
    }

    @Test
    void coloursAreReadByLabel() {
        assertEquals(0xff8000, ModelFit.colors(model(1)).get("a"));
    }
}
