package org.zoobridge.client.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.zoobridge.client.Answer;
import org.zoobridge.client.Failing;
import org.zoobridge.client.FakeStack;
import org.zoobridge.client.WithFakeZoo;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.pixels.PixelBuffer;
import org.zoobridge.client.pixels.PlaneSource;
import org.zoobridge.client.pixels.Regions;
import org.zoobridge.client.results.ResultTable;
import org.zoobridge.v1.ClassifyRequest;
import org.zoobridge.v1.DataType;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.ValueRange;

@Timeout(60)
class ImageJobTest extends WithFakeZoo {

    private static Map<String, Integer> plane(final int t, final int z) {
        final Map<String, Integer> plane = new TreeMap<>();
        plane.put("T", t);
        plane.put("Z", z);
        return plane;
    }

    private Answer run(final ImageJob job) {
        return job.with(zoo, "digits", call -> call.topK(1)).classify((done, total) -> { });
    }

    @Test
    void onePlaneIsSentAloneAndNamedByItsOwnAxes() {
        final Answer answer = run(new ImageJob(new FakeStack(2)).plane(plane(4, 2)));
        final ClassifyRequest sent = server.requests.get(0);
        assertEquals("YX", sent.getImage().getPixels().getAxes());
        assertEquals(42, sent.getImage().getPixels().getData().byteAt(0));
        assertEquals(0, sent.getRegionsCount());
        assertEquals("T=4,Z=2", ResultTable.planeText(answer.items().get(0).plane(), 0));
    }

    @Test
    void eachPlaneIsSentOnceHoweverManyRegionsItHas() {
        final ImageJob job = new ImageJob(new FakeStack(4));
        for (int i = 0; i < 20; i++) {
            job.region(plane(0, i % 2), Regions.box("r" + i, 0, 0, 2, 2), "tag " + i);
        }
        final List<Integer> progress = new ArrayList<>();
        final Answer answer = job.with(zoo, "digits", call -> call.topK(1))
                .classify((done, total) -> progress.add(done));
        assertEquals(1, server.requests.size());
        assertEquals(Arrays.asList(2, 4, 4), server.requests.get(0).getImage().getPixels().getShapeList());
        assertEquals(20, answer.items().size());
        assertEquals("r2", answer.items().get(1).region());
        assertEquals("tag 2", job.tags().get(1));
        assertEquals("T=0,Z=1", ResultTable.planeText(answer.items().get(19).plane(), 0));
        assertEquals(20, (int) progress.get(progress.size() - 1));
    }

    @Test
    void aStackThatNoMessageHoldsIsSentInParts() {
        final ImageJob job = new ImageJob(new FakeStack(500));
        for (int z = 0; z < 7; z++) {
            job.plane(plane(1, z));
        }
        final Answer answer = run(job);
        assertEquals(3, server.requests.size());
        assertEquals(7, answer.items().size());
        for (int z = 0; z < 7; z++) {
            assertEquals(z, answer.items().get(z).index());
            assertEquals("T=1,Z=" + z, ResultTable.planeText(answer.items().get(z).plane(), 0));
        }
    }

    @Test
    void moreItemsThanOneRequestTakesAreSpreadOverSeveral() {
        final ImageJob job = new ImageJob(new FakeStack(4));
        for (int i = 0; i < 100; i++) {
            job.region(plane(0, i / 50), Regions.box("r" + i, 0, 0, 2, 2), i);
        }
        final List<Integer> progress = new ArrayList<>();
        final Answer answer = job.with(zoo, "digits", call -> call.topK(1))
                .classify((done, total) -> progress.add(done));
        final List<Integer> sent = new ArrayList<>();
        for (final ClassifyRequest request : server.requests) {
            sent.add(request.getRegionsCount());
        }
        assertEquals(Arrays.asList(30, 30, 30, 10), sent);
        for (int i = 0; i < 100; i++) {
            assertEquals(i, answer.items().get(i).index());
            assertEquals("r" + i, answer.items().get(i).region());
            assertEquals("T=0,Z=" + i / 50, ResultTable.planeText(answer.items().get(i).plane(), 0));
        }
        assertEquals(100, (int) progress.get(progress.size() - 1));
    }

    @Test
    void regionsThatNoMessageHoldsAreSpreadOverSeveral() {
        final ImageJob job = new ImageJob(new FakeStack(900));
        final boolean[] inside = new boolean[900 * 900];
        for (int i = 0; i < 4; i++) {
            job.region(plane(0, 0), Regions.masked("r" + i, 0, 0, 900, 900, inside), i);
        }
        assertEquals(4, run(job).items().size());
        assertEquals(4, server.requests.size());
        assertEquals(server.requests.get(0).getImage(), server.requests.get(3).getImage());
    }

    @Test
    void whatWasAnsweredBeforeARunEndedIsKept() {
        final ImageJob job = new ImageJob(new FakeStack(4));
        for (int i = 0; i < 50; i++) {
            job.region(plane(0, 0), Regions.box(i == 40 ? "end" : "r" + i, 0, 0, 2, 2), i);
        }
        final ImageRun run = job.with(zoo, "digits", call -> call.topK(1));
        assertEquals(0, run.answer().items().size());
        final ZooBridgeException error = assertThrows(ZooBridgeException.class,
                () -> run.classify((done, total) -> { }));
        // The first request's, and what came of the second before it ended.
        assertEquals(30 + 9, run.answer().items().size());
        assertEquals(39, error.answered());
        assertEquals(50, error.asked());
        assertEquals(41, job.tags().get(run.answer().items().get(30).index()));
        assertEquals("digits", run.answer().model().getId());
    }

    @Test
    void aPlaneThatNoMessageHoldsIsRefusedWithItsSize() {
        final ImageJob job = new ImageJob(new FakeStack(1100)).plane(plane(0, 0));
        assertTrue(Failing.with(ErrorReason.ERROR_REASON_LIMIT, () -> run(job)).getMessage().contains("1 MiB"));
    }

    @Test
    void severalModelsSeeThePixelsAsTheyWereRead() {
        final ImageJob job = new ImageJob(new FakeStack(2)).plane(plane(0, 0)).plane(plane(0, 1)).read(zoo.limits());
        run(job);
        run(job);
        assertEquals(server.requests.get(0).getImage(), server.requests.get(1).getImage());
    }

    @Test
    void nothingToClassifyIsAnError() {
        Failing.with(ErrorReason.ERROR_REASON_REGION, () -> run(new ImageJob(new FakeStack(2))));
        assertEquals(Collections.emptyList(), new ImageJob(new FakeStack(2)).tags());
    }

    /** A stack of three planes of two pixels. */
    private static final class Small implements PlaneSource {

        private final DataType type;
        private final boolean loaded;
        private final BiConsumer<Integer, PixelBuffer> fill;

        Small(final DataType type, final boolean loaded, final BiConsumer<Integer, PixelBuffer> fill) {
            this.type = type;
            this.loaded = loaded;
            this.fill = fill;
        }

        /** One plane within 0…1, one within 0…200, one without a finite value. */
        static Small floats(final boolean loaded) {
            final float[][] pixels = {{0.25f, 1}, {0, 200}, {Float.NaN, Float.NEGATIVE_INFINITY}};
            return new Small(DataType.DATA_TYPE_FLOAT32, loaded, (z, buffer) -> buffer.put(pixels[z]));
        }

        @Override
        public String name() {
            return "small";
        }

        @Override
        public int width() {
            return 2;
        }

        @Override
        public int height() {
            return 1;
        }

        @Override
        public String planeAxes() {
            return "YX";
        }

        @Override
        public int channels() {
            return 1;
        }

        @Override
        public DataType type() {
            return type;
        }

        @Override
        public List<Map<String, Integer>> loadedPlanes() {
            return loaded ? Arrays.asList(plane(0, 0), plane(0, 1), plane(0, 2)) : Collections.emptyList();
        }

        @Override
        public void copy(final Map<String, Integer> plane, final PixelBuffer buffer) {
            fill.accept(plane.get("Z"), buffer);
        }
    }

    @Test
    void floatsAreJudgedByTheWholeImageWhicheverPlanesAreSent() {
        run(new ImageJob(Small.floats(true)).plane(plane(0, 0)));
        assertEquals(0, server.requests.get(0).getOptions().getValues().getLow());
        assertEquals(200, server.requests.get(0).getOptions().getValues().getHigh());
    }

    @Test
    void integersAreJudgedByTheWholeImageAsTheirTypeReadsThem() {
        final Map<DataType, Consumer<PixelBuffer>> last = new LinkedHashMap<>();
        last.put(DataType.DATA_TYPE_INT8, buffer -> buffer.put(new byte[] {-3, 7}));
        last.put(DataType.DATA_TYPE_INT16, buffer -> buffer.put(new short[] {-3, 7}));
        last.put(DataType.DATA_TYPE_UINT16, buffer -> buffer.put(new short[] {-3, 7}));
        last.put(DataType.DATA_TYPE_INT32, buffer -> buffer.put(new int[] {-3, 7}));
        last.put(DataType.DATA_TYPE_UINT32, buffer -> buffer.put(new int[] {-3, 7}));
        final List<String> ranges = new ArrayList<>();
        last.forEach((type, values) -> {
            run(new ImageJob(new Small(type, true, (z, buffer) -> values.accept(buffer))).plane(plane(0, 0)));
            final ValueRange stated = server.requests.get(server.requests.size() - 1).getOptions().getValues();
            ranges.add(String.format("%.0f…%.0f", stated.getLow(), stated.getHigh()));
        });
        assertEquals(Arrays.asList("-3…7", "-3…7", "7…65533", "-3…7", "7…4294967293"), ranges);
    }

    @Test
    void planesThatAreReadFromADiskAreJudgedByThoseThatAreSent() {
        run(new ImageJob(Small.floats(false)).plane(plane(0, 0)));
        assertEquals(0.25, server.requests.get(0).getOptions().getValues().getLow());
        assertEquals(1, server.requests.get(0).getOptions().getValues().getHigh());
    }

    @Test
    void noValuesAreStatedWhereNothingDependsOnThem() {
        run(new ImageJob(new FakeStack(2)).plane(plane(0, 0)));
        run(new ImageJob(Small.floats(false)).plane(plane(0, 2)));
        new ImageJob(Small.floats(true)).plane(plane(0, 0)).with(zoo, "digits", call -> call.intensity(0, 1))
                .classify((done, total) -> { });
        for (final ClassifyRequest request : server.requests) {
            assertFalse(request.getOptions().hasValues());
        }
    }
}
