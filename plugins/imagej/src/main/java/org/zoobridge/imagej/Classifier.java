package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.measure.ResultsTable;

import java.util.List;

import org.zoobridge.client.Answer;
import org.zoobridge.client.ImageJob;
import org.zoobridge.client.ImageRun;
import org.zoobridge.client.ItemAnswer;
import org.zoobridge.client.ResultTable;
import org.zoobridge.client.Score;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.errors.InvalidRequestException;
import org.zoobridge.client.errors.ZooBridgeException.Facts;
import org.zoobridge.v1.Model;

/**
 * Classifies an open image and shows the result: what <i>Classify…</i> does once everything is chosen. For scripts:
 * <pre>{@code
 * ResultsTable table = Classifier.classify(IJ.getImage(), new Choices().model("digits").top(3));
 * }</pre>
 */
public final class Classifier {

    private static final String PROPERTY = "zoobridge.";

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
        requireModel(choices.model());
        choices.requireChannels(new PixelReader(image).channels());
        final ImageJob job = new Places(image).job(choices.target(), choices.tileSize());
        final ZooBridge zoo = Connection.current();
        final Model model = zoo.model(choices.model()).getModel();
        ResultTable rows = new ResultTable();
        try (Run run = new Run("Classifying with " + choices.model())) {
            final ImageRun work = job.read(zoo.limits()).with(zoo, choices.model(), call -> {
                choices.apply(call);
                call.cancellation(run.cancellation());
            });
            try {
                work.classify(run.progress(0, 1));
            } finally {
                rows = show(image, choices, model, job, work.answer());
            }
        }
        return Tables.table(rows);
    }

    /** Shows what was answered, be it all or not. */
    private static ResultTable show(final ImagePlus image, final Choices choices, final Model model,
            final ImageJob job, final Answer answer) {
        final ResultTable rows = new ResultTable();
        rows.add(answer, model.getLabelsList());
        Tables.append(Tables.RESULTS, rows);
        if (job.size() == 1) {
            note(image, answer);
        }
        if (choices.overlay()) {
            new OverlayPainter(image, model).paint(answer, job.tags(), choices.target() == Target.TILES);
        }
        return rows;
    }

    static void requireModel(final String model) {
        if (model.isEmpty()) {
            throw new InvalidRequestException(new Facts("No model is chosen. Name one, such as model=digits; Plugins > "
                    + "ZooBridge > Servers and models… lists them.").reason("INVALID_REQUEST").field("model"));
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
