package org.zoobridge.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.zoobridge.v1.Model;
import org.zoobridge.v1.Weights;

class ModelFactsTest {

    private static Model model() {
        return Model.newBuilder().setId("hpa").setVersion("2").addWeights(Weights.newBuilder().setFramework("onnx"))
                .addWeights(Weights.newBuilder().setFramework("pytorch").setProblem("pytorch is not installed")
                        .setRemedy("pip install torch"))
                .addLabels("a").addLabelColors("#ff8000").build();
    }

    @Test
    void aFrameworkThatCannotBeUsedBringsItsRemedy() {
        assertEquals("pytorch is not installed (pip install torch)", ModelFacts.problem(model(), "pytorch"));
        assertEquals("hpa has no weights for tensorflow", ModelFacts.problem(model(), "tensorflow"));
        assertEquals("", ModelFacts.problem(model(), ""));
        assertEquals("broken", ModelFacts.problem(model().toBuilder().setProblem("broken").build(), ""));
    }

    @Test
    void theNewestVersionGoesByItsId() {
        final Model newer = model();
        final Model older = newer.toBuilder().setVersion("1").build();
        final List<Model> models = Arrays.asList(newer, older);
        assertEquals("hpa", ModelFacts.reference(newer, models));
        assertEquals("hpa@1", ModelFacts.reference(older, models));
    }

    @Test
    void coloursAreReadByLabel() {
        assertEquals(0xff8000, ModelFacts.colors(model()).get("a"));
    }
}
