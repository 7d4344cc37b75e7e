package org.zoobridge.icy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.Rectangle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.zoobridge.client.Cancellation;
import org.zoobridge.client.Failing;
import org.zoobridge.client.WithFakeZoo;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.results.ClassSummary;
import org.zoobridge.v1.AnnotateRequest;
import org.zoobridge.v1.ClassifyRequest;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Region;

@Timeout(60)
class SequenceClassifierTest extends WithFakeZoo {

    private static Choices choices(final String... words) {
        final Map<String, String> all = new HashMap<>();
        all.put("model", "digits");
        for (final String word : words) {
            all.put(word.split("=")[0], word.substring(word.indexOf('=') + 1));
        }
        return Choices.of(all);
    }

    private Outcome classify(final SequenceView sequence, final String... words) {
        final List<Outcome> outcomes = new ArrayList<>();
        new SequenceClassifier(zoo).classify(sequence, choices(words), (done, total) -> { }, new Cancellation(),
                outcomes::add);
        assertEquals(1, outcomes.size());
        return outcomes.get(0);
    }

    private ClassifyRequest sent() {
        return server.requests.get(server.requests.size() - 1);
    }

    @Test
    void theShownPlaneIsSentWithAllItsChannels() {
        final MemorySequence sequence = new MemorySequence(3, 4, 2);
        final Outcome outcome = classify(sequence);
        assertEquals("CYX", sent().getImage().getPixels().getAxes());
        final byte[] data = sent().getImage().getPixels().getData().toByteArray();
        assertEquals(300, data[0] & 255 | (data[1] & 255) << 8);
        assertEquals(310, data[400] & 255 | (data[401] & 255) << 8);
        assertEquals("T=0,Z=3", outcome.table().text(0, "plane"));
        assertEquals("memory", sequence.notes.get("zoobridge.label"));
    }

    @Test
    void chosenPlanesHaveARowEach() {
        final Outcome outcome = classify(new MemorySequence(3, 4, 1), "t=all", "z=0,2-3");
        assertEquals(9, outcome.table().rows().size());
        assertEquals("T=2,Z=3", outcome.table().text(8, "plane"));
        assertEquals(Arrays.asList(9, 10, 20), sent().getImage().getPixels().getShapeList());
    }

    @Test
    void regionsAreCutAtTheEdgeAndMaskedUnlessFull() {
        final MemorySequence sequence = new MemorySequence(1, 1, 1);
        sequence.regions.add(MemorySequence.region("full", new Rectangle(-5, -5, 10, 10), -1, -1, false));
        sequence.regions.add(MemorySequence.region("board", new Rectangle(2, 3, 4, 2), -1, -1, true));
        final Outcome outcome = classify(sequence, "target=ROIs");
        final List<Region> regions = sent().getRegionsList();
        assertEquals(0, regions.get(0).getBox().getX());
        assertEquals(5, regions.get(0).getBox().getWidth());
        assertTrue(regions.get(0).getMask().isEmpty());
        assertEquals(0b01010101, regions.get(1).getMask().byteAt(0));
        assertEquals("board", outcome.table().text(1, "region"));
        assertEquals(2, outcome.classes().size());
        assertEquals("full: memory 0.10", outcome.classes().get(0).nameFor("full"));
        assertEquals(new Color(0xffff00), outcome.classes().get(0).color());
        assertEquals("digits", sent().getModel());
    }

    @Test
    void aRegionLiesInItsOwnPlaneOrInAllTheChosenOnes() {
        final MemorySequence sequence = new MemorySequence(2, 3, 1);
        sequence.selected.add(MemorySequence.region("tied", new Rectangle(0, 0, 4, 4), 1, 1, false));
        sequence.selected.add(MemorySequence.region("free", new Rectangle(0, 0, 4, 4), -1, -1, false));
        final Outcome outcome = classify(sequence, "target=Selected ROIs", "t=all", "z=0");
        assertEquals(3, outcome.table().rows().size());
        assertEquals(2, outcome.classes().size());
    }

    @Test
    void whatWasAnsweredBeforeARunEndedIsKept() {
        final MemorySequence sequence = new MemorySequence(1, 1, 1);
        for (int i = 0; i < 20; i++) {
            sequence.regions.add(MemorySequence.region(i == 5 ? "end" : "r" + i, new Rectangle(0, 0, 4, 4), -1, -1,
                    false));
        }
        final List<Outcome> outcomes = new ArrayList<>();
        final ZooBridgeException error = assertThrows(ZooBridgeException.class,
                () -> new SequenceClassifier(zoo).classify(sequence, choices("target=ROIs"), (done, total) -> { },
                        new Cancellation(), outcomes::add));
        assertEquals(14, error.answered());
        assertEquals(14, outcomes.get(0).table().rows().size());
        assertEquals("r6", outcomes.get(0).classes().get(0).region().name());
    }

    @Test
    void whatCannotBeClassifiedIsNamed() {
        final MemorySequence sequence = new MemorySequence(1, 1, 1);
        assertTrue(Failing.with(ErrorReason.ERROR_REASON_REGION, () -> classify(sequence, "target=ROIs")).getMessage()
                .contains("no ROIs"));
        Failing.with(ErrorReason.ERROR_REASON_REGION, () -> classify(sequence, "target=Selected ROIs"));
        sequence.regions.add(MemorySequence.region("away", new Rectangle(50, 0, 4, 4), -1, -1, false));
        assertTrue(Failing.with(ErrorReason.ERROR_REASON_REGION, () -> classify(sequence, "target=ROIs")).getMessage()
                .contains("\"away\" lies outside"));
        Failing.with(ErrorReason.ERROR_REASON_REGION, () -> classify(sequence, "z=5"));
        Failing.with(ErrorReason.ERROR_REASON_INVALID_REQUEST, () -> classify(sequence, "model="));
        Failing.with(ErrorReason.ERROR_REASON_INVALID_REQUEST, () -> classify(sequence, "target=everything"));
        Failing.with(ErrorReason.ERROR_REASON_INVALID_REQUEST, () -> classify(sequence, "top=many"));
        Failing.with(ErrorReason.ERROR_REASON_INVALID_REQUEST, () -> classify(sequence, "channels=red"));
    }

    @Test
    void tilesCoverTheChosenPlanes() {
        assertEquals(2 * 2, classify(new MemorySequence(1, 2, 1), "target=Tiles", "tile_size=10", "z=all").table()
                .rows().size());
    }

    @Test
    void aFolderKeepsItsFailuresInTheTable(@TempDir final Path folder) throws IOException {
        Files.write(folder.resolve("a.png"), new byte[] {1});
        Files.write(folder.resolve("bad.png"), new byte[] {2});
        Files.createDirectory(folder.resolve("more"));
        Files.write(folder.resolve("more").resolve("c.tif"), new byte[] {3});
        final FolderClassifier job = new FolderClassifier(zoo, folder, true);
        job.classify(choices(), (done, total) -> { }, new Cancellation());
        assertEquals(3, job.table().rows().size());
        assertEquals("a.png", job.table().text(0, "label"));
        assertTrue(job.table().text(1, "error").contains("no model"));
        assertEquals("more/c.tif", job.table().text(2, "image"));
        assertTrue(!sent().getImage().hasSeries());
        job.classify(choices("series=2"), (done, total) -> { }, new Cancellation());
        assertEquals(2, sent().getImage().getSeries());
    }

    @Test
    void theTableOfAllRunsHasTheColumnsOfAllOfThem() {
        final ResultsPanel panel = new ResultsPanel();
        panel.append(classify(new MemorySequence(1, 1, 1)).table());
        panel.append(classify(new MemorySequence(1, 2, 1), "z=all").table());
        final String[] lines = panel.csv().split("\n");
        assertEquals(4, lines.length);
        assertTrue(lines[0].startsWith("image,plane,region,label,score"));
    }

    @Test
    void theFormOffersModelsThatFitFirstAndSaysWhyOthersDoNot() {
        final ClassifyForm form = new ClassifyForm(() -> { }, () -> { }, () -> { }, () -> { }, () -> { });
        form.offer(zoo.frameworks(), zoo.models(), "", Collections.singletonMap("four", "four wants 4 channels"));
        assertEquals("digits", form.words().get("model"));
        assertTrue(form.isRunnable());
        form.offer(zoo.frameworks(), zoo.models(), "four", Collections.singletonMap("four", "four wants 4 channels"));
        assertTrue(form.sentence().contains("wants 4 channels"), form.sentence());
        assertEquals(false, form.isRunnable());
        form.show("No server answers.");
        assertEquals("No server answers.", form.sentence());
    }

    @Test
    void aRoisNameIsItsClassForTraining() {
        final MemorySequence sequence = new MemorySequence(1, 1, 1);
        for (final String name : Arrays.asList("mitosis 1", "mitosis #2", "other-3", "other", "7")) {
            sequence.regions.add(MemorySequence.region(name, new Rectangle(0, 0, 4, 4), -1, -1, false));
        }
        assertEquals("{mitosis=2, other=2}", SequenceTrainer.count(sequence).toString());
        final SequenceTrainer trainer = new SequenceTrainer(zoo);
        assertEquals("my-cells", trainer.train(sequence, "My cells", (done, total) -> { }, new Cancellation()).getId());
        assertTrue(trainer.figures().startsWith("Balanced accuracy 0.90"));
        assertTrue(trainer.figures().contains("which flatters"), trainer.figures());
        assertEquals("mitosis, mitosis, other, other", server.training.annotated.stream()
                .map(request -> request.getItems(0).getLabel()).collect(Collectors.joining(", ")));
        assertEquals(4, server.training.annotated.stream().map(AnnotateRequest::getGroup).distinct().count());
        sequence.regions.subList(2, 5).clear();
        assertTrue(assertThrows(ZooBridgeException.class, () -> new SequenceTrainer(zoo).train(sequence, "x",
                (done, total) -> { }, new Cancellation())).getMessage().contains("two or more classes"));
    }

    @Test
    void theSequenceKeepsScoreAndVersion() {
        final MemorySequence sequence = new MemorySequence(1, 1, 1);
        classify(sequence);
        assertEquals("0.1", sequence.notes.get("zoobridge.score"));
        assertTrue(sequence.notes.containsKey("zoobridge.version"));
    }

    @Test
    void regionsHaveTheirAreaAndClassesAreSummedUp() {
        final MemorySequence sequence = new MemorySequence(1, 1, 1);
        sequence.regions.add(MemorySequence.region("full", new Rectangle(0, 0, 5, 4), -1, -1, false));
        sequence.regions.add(MemorySequence.region("board", new Rectangle(2, 3, 4, 2), -1, -1, true));
        final Outcome outcome = classify(sequence, "target=ROIs");
        assertEquals("20", outcome.table().text(0, "pixels"));
        assertEquals("5.0", outcome.table().text(0, "area (um^2)"));
        assertEquals("4", outcome.table().text(1, "pixels"));
        assertEquals("class,count,share,pixels,area (um^2),mean score\nmemory,2,1.0,24,6.0,0.1\n",
                ClassSummary.csv(outcome.summary(), sequence.pixelArea(), "um"));
        assertEquals("memory 2", ClassSummary.line(outcome.summary()));
    }

    @Test
    void classesOfAFolderAreCountedWhileItIsClassified(@TempDir final Path folder) throws IOException {
        for (int i = 0; i < 3; i++) {
            Files.write(folder.resolve(i + ".png"), new byte[] {1, 2, 3});
        }
        final FolderClassifier work = new FolderClassifier(zoo, folder, false);
        final List<String> counted = new ArrayList<>();
        work.classify(choices(), (done, total) -> counted.add(done + "/" + total + " "
                + ClassSummary.line(work.summary())), new Cancellation());
        assertEquals(3, work.table().rows().size());
        assertEquals(3, counted.size());
        assertEquals("3/3 0.png 1, 1.png 1, 2.png 1", counted.get(2));
    }

    @Test
    void whatAPersonMustSeeIsShownAboveTheTable() {
        final MemorySequence sequence = new MemorySequence(1, 1, 1);
        sequence.name = "float.tif";
        final ResultsPanel panel = new ResultsPanel();
        panel.warn(classify(sequence).warnings());
        assertEquals("Check float.tif: 0…1 was assumed; change that with \"Intensity\" (intensity=...).",
                panel.warned());
        sequence.name = "unlike.tif";
        final Outcome unlike = classify(sequence, "intensity=0,4095");
        assertEquals(4095, sent().getOptions().getIntensity().getHigh());
        panel.warn(unlike.warnings());
        assertTrue(panel.warned().startsWith("Warning: 1 of 1 item is unlike"));
        assertEquals("one|two", unlike.table().text(0, "prediction_set"));
        panel.warn(classify(new MemorySequence(1, 1, 1)).warnings());
        assertEquals("", panel.warned());
    }

    @Test
    void theClassesAreShownAboveTheTable() {
        final ResultsPanel panel = new ResultsPanel();
        panel.count("grass 2", "class,count\ngrass,2\n");
        assertEquals("grass 2", panel.counted());
    }
}
