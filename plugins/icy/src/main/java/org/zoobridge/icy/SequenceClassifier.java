package org.zoobridge.icy;

import java.awt.Color;
import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

import org.zoobridge.client.Answer;
import org.zoobridge.client.Cancellation;
import org.zoobridge.client.ItemAnswer;
import org.zoobridge.client.ModelFacts;
import org.zoobridge.client.Progress;
import org.zoobridge.client.Score;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.jobs.ImageJob;
import org.zoobridge.client.jobs.ImageRun;
import org.zoobridge.client.pixels.Regions;
import org.zoobridge.client.results.ClassSummary;
import org.zoobridge.client.results.ResultTable;
import org.zoobridge.client.results.Warnings;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Model;
import org.zoobridge.v1.Region;

/** Classifies what is chosen of a sequence. */
public final class SequenceClassifier {

    private static final int DEFAULT_COLOR = 0xffff00;

    private final ZooBridge zoo;
    private ImageJob job;
    private ImageRun run;

    /**
     * Classifies on a server.
     *
     * @param zoo the connection
     */
    public SequenceClassifier(final ZooBridge zoo) {
        this.zoo = zoo;
    }

    /**
     * Asks which models can look at all channels of a sequence, in regions of any size.
     *
     * @param sequence the sequence
     * @param models   all models of the zoo
     * @return why a model cannot, by its reference; empty where it can
     */
    public Map<String, String> refusals(final SequenceView sequence, final List<Model> models) {
        return zoo.refusals(models, zoo.classify("").question(new SequencePlanes(sequence), 0, 0));
    }

    /**
     * Classifies a sequence. Nothing in it is changed but a note of the class, where one whole plane was classified.
     *
     * @param sequence the sequence
     * @param choices  what to do
     * @param progress told of the items that are done
     * @param stop     stops it from another thread
     * @param result   given table and classes of the regions once; where the run ends early, of what was answered
     * @throws org.zoobridge.client.errors.ZooBridgeException if it could not be done as a whole
     */
    public void classify(final SequenceView sequence, final Choices choices, final Progress progress,
            final Cancellation stop, final Consumer<Outcome> result) {
        final Model model = zoo.model(choices.requireModel()).getModel();
        job = job(sequence, choices);
        run = job.with(zoo, choices.model(), call -> {
            choices.apply(call);
            call.cancellation(stop);
        });
        try {
            run.classify(progress);
        } finally {
            final Answer answer = run.answer();
            if (job.size() == 1) {
                note(sequence, answer);
            }
            final ResultTable table = new ResultTable();
            table.add(answer, model.getLabelsList());
            addAreas(table, job, answer, sequence);
            result.accept(new Outcome(table, classes(job, answer, model), summary(),
                    Warnings.of(Collections.singletonList(answer))));
        }
    }

    /**
     * Classes, counts and sizes so far; for the thread that classifies.
     *
     * @return the most frequent class first; none before the run has begun
     */
    public List<ClassSummary> summary() {
        return run == null ? Collections.emptyList()
                : ClassSummary.of(Collections.singletonList(run.answer()), item -> pixels(job, item));
    }

    /** A region's size goes behind its row, in pixels and in square micrometres. */
    private static void addAreas(final ResultTable table, final ImageJob job, final Answer answer,
            final SequenceView sequence) {
        for (int row = 0; row < answer.items().size(); row++) {
            final ItemAnswer item = answer.items().get(row);
            if (!item.region().isEmpty()) {
                table.set(row, "pixels", pixels(job, item));
                table.set(row, "area (um^2)", pixels(job, item) * sequence.pixelArea());
            }
        }
    }

    private static long pixels(final ImageJob job, final ItemAnswer item) {
        return ClassSummary.pixels(job.regions().get(item.index()));
    }

    private static ImageJob job(final SequenceView sequence, final Choices choices) {
        final ImageJob job = new ImageJob(new SequencePlanes(sequence));
        final int[] frames = Indexes.parse('T', choices.t(), sequence.shownT(), sequence.sizeT());
        final int[] slices = Indexes.parse('Z', choices.z(), sequence.shownZ(), sequence.sizeZ());
        if (choices.target() == Target.ROIS || choices.target() == Target.SELECTED) {
            addRegions(job, sequence, choices.target() == Target.SELECTED, frames, slices);
            return job;
        }
        for (final int t : frames) {
            for (final int z : slices) {
                if (choices.target() == Target.PLANES) {
                    job.plane(new SequencePlanes(sequence).plane(t, z));
                } else {
                    for (final Region tile : Regions.tiles(sequence.sizeX(), sequence.sizeY(), choices.tileSize())) {
                        job.region(new SequencePlanes(sequence).plane(t, z), tile, null);
                    }
                }
            }
        }
        return job;
    }

    private static void addRegions(final ImageJob job, final SequenceView sequence, final boolean selectedOnly,
            final int[] frames, final int[] slices) {
        final List<RegionView> regions = sequence.regions(selectedOnly);
        if (regions.isEmpty()) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_REGION,
                    selectedOnly ? "No ROI of " + sequence.name() + " is selected. Select "
                    + "some, or choose another target." : sequence.name() + " has no ROIs. Draw some, or choose "
                    + "another target.").field("regions");
        }
        for (final RegionView region : regions) {
            for (final int t : region.t() >= 0 ? new int[] {region.t()} : frames) {
                for (final int z : region.z() >= 0 ? new int[] {region.z()} : slices) {
                    job.region(new SequencePlanes(sequence).plane(t, z), region(sequence, region, z, t), region);
                }
            }
        }
    }

    /** The region's part of the picture: Icy computes masks of any size, but only inside is worth asking for. */
    static Region region(final SequenceView sequence, final RegionView region, final int z, final int t) {
        final Rectangle box = region.bounds().intersection(new Rectangle(sequence.sizeX(), sequence.sizeY()));
        if (box.isEmpty()) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_REGION,
                    "The ROI \"" + region.name() + "\" lies outside " + sequence.name()
                    + "; move it, or take it out of the selection.").field("regions");
        }
        final boolean[] mask = region.mask(box, z, t);
        boolean empty = true;
        boolean full = true;
        for (final boolean inside : mask) {
            empty &= !inside;
            full &= inside;
        }
        if (empty) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_REGION,
                    "The ROI \"" + region.name() + "\" holds no pixel of "
                    + sequence.name() + "; draw it larger, or take it out of the selection.")
                    .field("regions");
        }
        return full ? Regions.box(region.name(), box.x, box.y, box.width, box.height)
                : Regions.masked(region.name(), box.x, box.y, box.width, box.height, mask);
    }

    private static void note(final SequenceView sequence, final Answer answer) {
        for (final ItemAnswer only : answer.items()) {
            if (only.region().isEmpty() && !only.top().isEmpty()) {
                sequence.note("zoobridge.label", only.top().get(0).label());
                sequence.note("zoobridge.score", score(only.top().get(0)));
                sequence.note("zoobridge.model", answer.model().getId());
                sequence.note("zoobridge.version", answer.model().getVersion());
                sequence.note("zoobridge.digest", answer.model().getDigest());
            }
        }
    }

    private static String score(final Score best) {
        return best.score().isPresent() ? String.valueOf(best.score().getAsDouble()) : "";
    }

    /** The best class of each region; of one that was looked at in several planes, the surest. */
    private static List<RegionClass> classes(final ImageJob job, final Answer answer, final Model model) {
        final Map<String, Integer> colors = ModelFacts.colors(model);
        final List<RegionClass> classes = new ArrayList<>();
        final List<Object> tags = job.tags();
        for (final ItemAnswer item : answer.items()) {
            final RegionView region = (RegionView) tags.get(item.index());
            if (region != null && !item.failed() && !item.top().isEmpty()) {
                final Score best = item.top().get(0);
                final RegionClass found = new RegionClass(region, best.label(),
                        best.score().orElse(Double.NaN), new Color(colors.getOrDefault(best.label(), DEFAULT_COLOR)),
                        answer.model());
                if (!isBeaten(found, classes)) {
                    classes.removeIf(other -> other.region() == found.region());
                    classes.add(found);
                }
            }
        }
        return classes;
    }

    private static boolean isBeaten(final RegionClass found, final List<RegionClass> classes) {
        for (final RegionClass other : classes) {
            if (other.region() == found.region() && !(found.score() > other.score())) {
                return true;
            }
        }
        return false;
    }
}
