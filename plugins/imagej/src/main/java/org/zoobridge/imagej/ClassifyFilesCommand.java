package org.zoobridge.imagej;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;

import org.scijava.ItemIO;
import org.scijava.command.Command;
import org.scijava.plugin.Parameter;
import org.scijava.plugin.Plugin;
import org.zoobridge.client.ClassifyCall;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.connection.ServerChoice;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.jobs.FolderJob;
import org.zoobridge.client.options.Options;
import org.zoobridge.client.results.ResultTable;
import org.zoobridge.client.results.Warnings;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Model;

/**
 * Classifies a picture file or a folder of them without ImageJ's own classes: for servers and clusters without a
 * display. It loads no class of AWT; ImageJ's preferences are not read either, so another server is named by
 * {@code address}, or by {@code ZOOBRIDGE_ADDRESS} as everywhere.
 */
@Plugin(type = Command.class, name = "zoobridge.classifyFiles", label = "Classify files with ZooBridge", headless = true)
public final class ClassifyFilesCommand implements Command {

    /** A picture (PNG, JPEG, TIFF, BMP) or a folder of them. */
    @Parameter(label = "Picture or folder")
    private File input;

    /** {@code id} or {@code id@version}. */
    @Parameter(label = "Model")
    private String model;

    /** {@code onnx}, {@code pytorch}, {@code tensorflow} or {@code automatic}. */
    @Parameter(label = "Framework", required = false)
    private String framework = Options.AUTOMATIC;

    /** How many classes to name. */
    @Parameter(label = "Classes to name", required = false)
    private int top = Options.DEFAULT_TOP;

    /** Channels from 1, such as {@code 3,2,1}; empty for all. */
    @Parameter(label = "Channels", required = false)
    private String channels = "";

    /** Whether the scores of all classes are wanted. */
    @Parameter(label = "All scores", required = false)
    private boolean allScores;

    /** As in macros: a rule, or the two intensities that become the ends of the model's range. */
    @Parameter(label = "Intensity", required = false)
    private String intensity = Options.AUTOMATIC;

    /** Which picture of files that hold several, from 0; -1 for the first. */
    @Parameter(label = "Series", required = false)
    private int series = -1;

    /** Whether subfolders are looked into. */
    @Parameter(label = "Include subfolders", required = false)
    private boolean recursive;

    /** The server, {@code host:port}; empty for this machine's own. */
    @Parameter(label = "Server", required = false)
    private String address = "";

    /** CSV file to write. */
    @Parameter(label = "Save table as", required = false)
    private File save;

    /** The rows, as CSV. */
    @Parameter(type = ItemIO.OUTPUT)
    private String csv;

    /** What a person must see of the run, a line each. */
    @Parameter(type = ItemIO.OUTPUT)
    private String warnings;

    /** How many rows there are. */
    @Parameter(type = ItemIO.OUTPUT)
    private int rows;

    /** How many pictures could not be answered. */
    @Parameter(type = ItemIO.OUTPUT)
    private int failed;

    @Override
    public void run() {
        final FolderJob job = input.isDirectory()
                ? new FolderJob(input.toPath(), recursive, FolderJob.noOpener()) : FolderJob.of(input.toPath());
        try (ZooBridge zoo = ZooBridge.connect(ServerChoice.of(address, "", "", "").endpoint())) {
            final FileOptions options = new FileOptions().model(model).framework(framework).top(top)
                    .channels(channels).allScores(allScores).intensity(intensity).series(series);
            final Model known = zoo.model(options.requireModel()).getModel();
            final ClassifyCall call = zoo.classify(options.model());
            options.apply(call);
            try {
                job.run(call);
            } finally {
                keep(job.rows(known.getId(), known.getLabelsList(), 1));
                failed = job.failures();
                warnings = String.join("\n", Warnings.of(job.answers()));
            }
        }
    }

    private void keep(final ResultTable table) {
        csv = table.csv();
        rows = table.rows().size();
        if (save != null) {
            try {
                Files.write(save.toPath(), csv.getBytes(StandardCharsets.UTF_8));
            } catch (IOException error) {
                throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                        "The table cannot be saved as " + save + " (" + error
                        + "); choose another place.").field("save").causedBy(error);
            }
        }
    }

    /** The options that every program has, with channels from 1. */
    private static final class FileOptions extends Options<FileOptions> {

        FileOptions() {
            super(1);
        }

        @Override
        protected FileOptions self() {
            return this;
        }
    }
}
