package org.zoobridge.icy;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;

import org.zoobridge.client.Cancellation;
import org.zoobridge.client.ClassifyCall;
import org.zoobridge.client.Progress;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.jobs.FolderJob;
import org.zoobridge.client.results.ClassSummary;
import org.zoobridge.client.results.ResultTable;
import org.zoobridge.client.results.Warnings;


/** Classifies every picture of a folder; what was answered before the run ended is kept. */
public final class FolderClassifier {

    private final ZooBridge zoo;
    private final FolderJob job;
    private String model = "";
    private List<String> labels = Collections.emptyList();

    /**
     * Lists the pictures.
     *
     * @param zoo       the server
     * @param folder    the folder
     * @param recursive whether its subfolders are looked into
     */
    public FolderClassifier(final ZooBridge zoo, final Path folder, final boolean recursive) {
        this.zoo = zoo;
        this.job = new FolderJob(folder, recursive, FolderJob.noOpener());
    }

    /**
     * Classifies them, each with all its planes.
     *
     * @param choices  model and options; target and planes are not looked at
     * @param progress told of the pictures that are done
     * @param stop     stops it from another thread
     */
    public void classify(final Choices choices, final Progress progress, final Cancellation stop) {
        model = choices.requireModel();
        labels = zoo.model(model).getModel().getLabelsList();
        final ClassifyCall call = zoo.classify(model).progress(progress).cancellation(stop);
        choices.apply(call);
        job.run(call);
    }

    /**
     * Classes and counts so far; their sizes are not known here.
     *
     * @return the most frequent class first
     */
    public List<ClassSummary> summary() {
        return ClassSummary.of(job.answers(), item -> 0);
    }

    /**
     * What a person must see of the pictures answered so far.
     *
     * @return sentences
     */
    public List<String> warnings() {
        return Warnings.of(job.answers());
    }

    /**
     * What is known so far.
     *
     * @return a row for each plane or failed picture
     */
    public ResultTable table() {
        return job.rows(model, labels, 0);
    }
}
