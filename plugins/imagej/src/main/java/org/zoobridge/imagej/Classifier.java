package org.zoobridge.imagej;

import ij.IJ;
import ij.ImagePlus;
import ij.measure.ResultsTable;

import java.awt.GraphicsEnvironment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

import org.zoobridge.client.Answer;
import org.zoobridge.client.ItemAnswer;
import org.zoobridge.client.Score;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.jobs.ImageJob;
import org.zoobridge.client.jobs.ImageRun;
import org.zoobridge.client.results.ResultTable;
import org.zoobridge.client.results.Warnings;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Model;

/**
 * Classifies an open image and shows the result: what <i>Classify…</i> does once everything is chosen. For scripts:
 * <pre>{@code
 * ResultsTable table = Classifier.classify(IJ.getImage(), new Choices().model("digits").top(3));
 * }</pre>
 */
public final class Classifier {

    private static final String PROPERTY = "zoobridge.";
    private static final int PHRASES = 4;

    private Classifier() {
    }

    /**
     * Classifies an image, appends to the table of results, and draws over the image if that is chosen. Rows that are
     * there when the run is cancelled or fails stay.
     *
     * @param image   an open image
     * @param choices what to do
     * @return the rows of this run
     * @throws org.zoobridge.client.errors.ZooBridgeException if it could not be done, with a sentence that names the fix
     */
    public static ResultsTable classify(final ImagePlus image, final Choices choices) {
        return run(image, choices).table();
    }

    /**
     * Classifies as {@link #classify}, and says what came of it.
     *
     * @param image   an open image
     * @param choices what to do
     * @return rows, failures and classes
     */
    public static Outcome run(final ImagePlus image, final Choices choices) {
        choices.requireModel();
        final Target target = choices.targetIn(image);
        if ((choices.classMap() || choices.probabilityMaps()) && target != Target.TILES && target != Target.LABELS) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                    "Maps are made of tiles and label images. Choose target=Tiles or "
                    + "target=[Label image], or leave the maps out.").field("target");
        }
        choices.requireChannels(new PixelReader(image).channels());
        final ImageJob job = new Places(image).job(choices);
        final ZooBridge zoo = Connection.current();
        final Model model = zoo.model(choices.model()).getModel();
        Outcome outcome = null;
        try (Run run = new Run("Classifying with " + choices.model())) {
            final ImageRun work = job.read(zoo.limits()).with(zoo, choices.model(), call -> {
                choices.apply(call);
                if (choices.probabilityMaps()) {
                    call.withAllScores();
                }
                call.cancellation(run.cancellation());
            });
            try {
                work.classify(run.progress(0, 1));
            } finally {
                outcome = show(image, choices, model, job, work.answer());
            }
        }
        return outcome;
    }

    /** Shows what was answered, be it all or not. */
    private static Outcome show(final ImagePlus image, final Choices choices, final Model model, final ImageJob job,
            final Answer answer) {
        final List<Object> tags = job.tags();
        final ResultTable rows = new ResultTable(1);
        Rows.add(rows, answer, model.getLabelsList(), tags, image);
        Tables.append(Tables.RESULTS, rows);
        log(image.getTitle(), answer);
        if (job.size() == 1) {
            note(image, answer);
        }
        final Target target = choices.targetIn(image);
        if (choices.overlay()) {
            new Drawings(image, model).paint(answer, tags, target == Target.TILES, choices.legend());
        }
        if (choices.summary()) {
            ClassTable.append(image, answer, tags);
        }
        if (choices.roiManager()) {
            ManagedRegions.write(image, answer, tags);
        }
        return Outcome.of(Tables.table(rows), Collections.singletonList(answer), 0)
                .withMaps(maps(image, choices, model, answer, tags));
    }

    private static List<ImagePlus> maps(final ImagePlus image, final Choices choices, final Model model,
            final Answer answer, final List<Object> tags) {
        final List<ImagePlus> maps = new ArrayList<>();
        final Target target = choices.targetIn(image);
        if (answer.items().isEmpty() || target != Target.TILES && target != Target.LABELS) {
            return maps;
        }
        if (choices.classMap()) {
            maps.add(new ClassMaps(image, model, choices).classes(answer, tags));
        }
        if (choices.probabilityMaps()) {
            maps.add(new ClassMaps(image, model, choices).scores(answer, tags));
        }
        if (!GraphicsEnvironment.isHeadless()) {
            maps.forEach(ImagePlus::show);
        }
        return maps;
    }

    /**
     * Says what was done to the pixels before the model saw them. That a size was changed is in the table; that colours
     * or intensities were, is worth a line in the log. Warnings have a line each.
     */
    static void log(final String image, final Answer answer) {
        warn(Collections.singletonList(answer));
        for (final ItemAnswer item : answer.items()) {
            if (item.isRecoloured()) {
                IJ.log("ZooBridge: " + answer.model().getId() + " saw " + image + " after: "
                        + answer.conversions(PHRASES));
                return;
            }
        }
    }

    /** Says what a person must see of a run. */
    static void warn(final Collection<Answer> answers) {
        for (final String sentence : Warnings.of(answers)) {
            IJ.log("ZooBridge: " + sentence);
        }
    }

    /** Notes the class of a whole image in its properties, where it is saved with it as TIFF. */
    private static void note(final ImagePlus image, final Answer answer) {
        final List<ItemAnswer> items = answer.items();
        if (items.size() != 1 || !items.get(0).region().isEmpty() || items.get(0).top().isEmpty()) {
            return;
        }
        final Score best = items.get(0).top().get(0);
        image.setProp(PROPERTY + "label", best.label());
        if (best.score().isPresent()) {
            image.setProp(PROPERTY + "score", String.valueOf(best.score().getAsDouble()));
        }
        image.setProp(PROPERTY + "model", answer.model().getId());
        image.setProp(PROPERTY + "version", answer.model().getVersion());
        image.setProp(PROPERTY + "digest", answer.model().getDigest());
    }
}
