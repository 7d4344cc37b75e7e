package org.zoobridge.icy;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

import org.zoobridge.client.Cancellation;
import org.zoobridge.client.Progress;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.jobs.ImageJob;
import org.zoobridge.client.training.KeepTogether;
import org.zoobridge.client.training.TrainingProject;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.PublishedModel;
import org.zoobridge.v1.TrainingFigures;

/** Trains a model on the ROIs of a sequence, whose names are their classes. */
public final class SequenceTrainer {

    private final ZooBridge zoo;
    private TrainingFigures figures = TrainingFigures.getDefaultInstance();
    private KeepTogether together = KeepTogether.AUTOMATIC;

    /**
     * Trains on a server.
     *
     * @param zoo the connection
     */
    public SequenceTrainer(final ZooBridge zoo) {
        this.zoo = zoo;
    }

    /**
     * The class that a name stands for.
     *
     * @param name a ROI's name
     * @return the name without a number that keeps names apart: {@code cell} of {@code cell 3}, {@code cell #3}
     */
    static String label(final String name) {
        return name.replaceFirst("[ _-]?#?\\d+$", "").trim();
    }

    /**
     * Counts the ROIs by class.
     *
     * @param sequence the sequence
     * @return count by class
     */
    public static Map<String, Integer> count(final SequenceView sequence) {
        final Map<String, Integer> counts = new TreeMap<>();
        for (final RegionView region : sequence.regions(false)) {
            if (!label(region.name()).isEmpty()) {
                counts.merge(label(region.name()), 1, Integer::sum);
            }
        }
        return counts;
    }

    /**
     * Adds the ROIs to a project, fits a model and publishes it.
     *
     * @param sequence the sequence
     * @param name     name of project and model
     * @param progress called with the steps that are done
     * @param stop     ends it from another thread
     * @return the model, served already
     * @throws ZooBridgeException if there are fewer than two classes, or the server refuses
     */
    public PublishedModel train(final SequenceView sequence, final String name, final Progress progress,
            final Cancellation stop) {
        if (count(sequence).size() < 2) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_REGION, "Training needs ROIs of two or more classes. Name "
                    + "each ROI by its class, such as \"mitosis 3\".").field("regions");
        }
        final TrainingProject project = new TrainingProject(zoo, name);
        project.annotate(job(sequence), stop);
        figures = project.fit(progress, stop);
        return project.publish(progress, stop);
    }

    private ImageJob job(final SequenceView sequence) {
        final SequencePlanes planes = new SequencePlanes(sequence);
        final Map<RegionView, Map<String, Integer>> labelled = new LinkedHashMap<>();
        for (final RegionView region : sequence.regions(false)) {
            if (!label(region.name()).isEmpty()) {
                labelled.put(region, planes.plane(t(sequence, region), z(sequence, region)));
            }
        }
        together = KeepTogether.AUTOMATIC.resolved(1, new HashSet<>(labelled.values()).size());
        final ImageJob job = new ImageJob(planes);
        labelled.forEach((region, plane) -> job.region(plane,
                SequenceClassifier.region(sequence, region, z(sequence, region), t(sequence, region)),
                new TrainingProject.Label(label(region.name()),
                        together.group(sequence.name(), plane, job.size() + 1))));
        return job;
    }

    private static int t(final SequenceView sequence, final RegionView region) {
        return region.t() >= 0 ? region.t() : sequence.shownT();
    }

    private static int z(final SequenceView sequence, final RegionView region) {
        return region.z() >= 0 ? region.z() : Math.max(0, sequence.shownZ());
    }

    /**
     * What the last training came to.
     *
     * @return balanced accuracy with its interval, and whether it flatters
     */
    public String figures() {
        return (TrainingProject.headline(figures) + " " + together.caution()).trim();
    }
}
