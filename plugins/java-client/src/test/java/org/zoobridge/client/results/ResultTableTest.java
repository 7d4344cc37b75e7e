package org.zoobridge.client.results;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Collections;

import org.junit.jupiter.api.Test;
import org.zoobridge.client.Answer;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ClassScore;
import org.zoobridge.v1.ClassifyResponse;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.ItemResult;
import org.zoobridge.v1.ModelIdentity;
import org.zoobridge.v1.Plane;
import org.zoobridge.v1.Prediction;

class ResultTableTest {

    private static Answer answer(final String image, final ItemResult... items) {
        return Answer.of(image, ClassifyResponse.newBuilder().addAllResults(Arrays.asList(items))
                .setModel(ModelIdentity.newBuilder().setId("m").setVersion("1").setDigest("abc")).build());
    }

    private static ItemResult item(final int index, final float... scores) {
        final Prediction.Builder prediction = Prediction.newBuilder();
        for (int i = 0; i < scores.length; i++) {
            prediction.addTop(ClassScore.newBuilder().setIndex(i).setLabel("c" + i).setScore(scores[i]));
        }
        return ItemResult.newBuilder().setIndex(index).setRegionId("r" + index).setPrediction(prediction)
                .setPlane(Plane.newBuilder().putIndexes("Z", 3).putIndexes("T", 0)).build();
    }

    @Test
    void columnsAreThoseOfTheOtherPrograms() {
        final ResultTable table = new ResultTable();
        table.add(answer("a.tif", item(0, 0.9f, 0.1f)), Collections.<String>emptyList());
        assertEquals(Arrays.asList("image", "plane", "region", "label", "score", "label_2", "score_2", "model",
                "version", "digest"), table.columns());
        assertEquals("image,plane,region,label,score,label_2,score_2,model,version,digest\n"
                + "a.tif,\"T=0,Z=3\",r0,c0,0.9,c1,0.1,m,1,abc\n", table.csv());
    }

    @Test
    void allScoresGetAColumnForEachLabel() {
        final ItemResult scored = item(0, 0.5f).toBuilder().setPrediction(Prediction.newBuilder().addScores(0.25f)
                .addScores(0.75f)).build();
        final ResultTable table = new ResultTable();
        table.add(answer("a", scored), Arrays.asList("cat", "dog"));
        assertEquals("0.25", table.text(0, "score:cat"));
        assertEquals("0.75", table.text(0, "score:dog"));
    }

    @Test
    void failuresHaveAColumnOfTheirOwn() {
        final ResultTable table = new ResultTable();
        table.add(answer("a", item(0, 1f)), Collections.<String>emptyList());
        table.add(answer("b", ItemResult.newBuilder().setError(com.google.rpc.Status.newBuilder()
                .setCode(3).setMessage("the region \"x\" lies outside")).build()), Collections.<String>emptyList());
        table.addFailure("c", "m", ZooBridgeException.of(ErrorReason.ERROR_REASON_IMAGE_FORMAT, "not a picture"));
        assertEquals("", table.text(0, "error"));
        assertEquals("the region \"x\" lies outside", table.text(1, "error"));
        assertEquals("not a picture", table.text(2, "error"));
        assertEquals(",,,,,m,1,abc,\"the region \"\"x\"\" lies outside\"",
                table.csv().split("\n")[2].substring(1));
    }

    @Test
    void aLaterAnswerMayNameMoreClasses() {
        final ResultTable table = new ResultTable();
        table.add(answer("a", item(0, 1f)), Collections.<String>emptyList());
        table.add(answer("b", item(0, 0.6f, 0.3f, 0.1f)), Collections.<String>emptyList());
        table.set(0, "agreement", 0.5);
        assertEquals("", table.text(0, "label_3"));
        assertEquals("c2", table.text(1, "label_3"));
        assertEquals("0.5", table.text(0, "agreement"));
        assertEquals("agreement", table.columns().get(table.columns().size() - 1));
    }
}
