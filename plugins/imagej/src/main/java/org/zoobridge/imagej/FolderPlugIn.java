package org.zoobridge.imagej;

import ij.IJ;
import ij.ImagePlus;
import ij.Prefs;
import ij.io.Opener;
import ij.measure.ResultsTable;
import ij.plugin.PlugIn;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

import org.zoobridge.client.ClassifyCall;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.jobs.FolderJob;
import org.zoobridge.client.options.Options;
import org.zoobridge.client.options.Words;
import org.zoobridge.client.pixels.Picture;
import org.zoobridge.client.pixels.PixelBuffer;
import org.zoobridge.client.results.ResultTable;
import org.zoobridge.imagej.dialogs.FolderDialog;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Model;

/**
 * Plugins &gt; ZooBridge &gt; Classify folder…: every picture of a folder through one stream.
 * <p>
 * In a macro: {@code run("Classify folder...", "folder=[/data/my scans] model=digits top=3 recursive save=[/data/out.csv]")}.
 */
public final class FolderPlugIn implements PlugIn {

    static final String TITLE = "Classify folder...";
    /** Its keys in macros. */
    static final List<String> KEYS = keys();

    private static final String FOLDER = "zoobridge.folder";
    /** Files that ImageJ opens and the server does not. */
    private static final List<String> OPENED_HERE =
            Collections.unmodifiableList(Arrays.asList("gif", "dcm", "pgm", "fits", "fit"));
    private static final Map<String, Function<Path, Picture>> OPENERS = openers();

    @Override
    public void run(final String argument) {
        Failure.guard(TITLE, () -> {
            final Words options = MacroOptions.current(TITLE, KEYS);
            if (options == null) {
                final FolderDialog dialog = FolderDialog.ask(Prefs.get(FOLDER, ""));
                if (dialog != null) {
                    Prefs.set(FOLDER, dialog.folder());
                    classify(dialog.folder(), dialog.recursive(), dialog.choices(), dialog.save());
                }
            } else {
                run(options);
            }
        });
    }

    private static List<String> keys() {
        final List<String> keys = new ArrayList<>(Options.KEYS);
        keys.remove("tile_size");
        keys.addAll(Arrays.asList("folder", "recursive", Options.SERIES, "save"));
        return Collections.unmodifiableList(keys);
    }

    static Outcome run(final Words options) {
        return run(options.text("folder", ""), options.flag("recursive"), Choices.of(options),
                options.text("save", ""));
    }

    /**
     * Classifies every picture of a folder and appends to the table of results, one row for each plane. Rows that are
     * there when the run is cancelled or fails stay.
     *
     * @param folder    the folder
     * @param recursive whether its subfolders are looked into
     * @param choices   model, framework and number of classes
     * @param save      CSV file to write; empty for none
     * @return the rows of this run
     */
    public static ResultsTable classify(final String folder, final boolean recursive, final Choices choices,
            final String save) {
        return run(folder, recursive, choices, save).table();
    }

    private static Outcome run(final String folder, final boolean recursive, final Choices choices,
            final String save) {
        choices.requireModel();
        if (folder.isEmpty()) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                    "No folder is chosen. Name one, such as folder=[/my pictures/].").field("folder");
        }
        final FolderJob job = new FolderJob(Paths.get(folder), recursive, OPENERS);
        final ZooBridge zoo = Connection.current();
        final Model model = zoo.model(choices.model()).getModel();
        try (Run run = new Run("Classifying " + job.size() + " pictures")) {
            final ClassifyCall call = zoo.classify(choices.model()).cancellation(run.cancellation())
                    .progress(run.progress(0, 1));
            choices.apply(call);
            job.run(call);
        } finally {
            Classifier.warn(job.answers());
            keep(job.rows(model.getId(), model.getLabelsList(), 1), save);
        }
        if (job.failures() > 0) {
            IJ.log("ZooBridge: " + job.failures() + " of " + job.size() + " pictures failed; the column \""
                    + ResultTable.ERROR + "\" says why.");
        }
        return Outcome.of(Tables.table(job.rows(model.getId(), model.getLabelsList(), 1)), job.answers(),
                job.failures());
    }

    private static void keep(final ResultTable rows, final String save) {
        Tables.append(Tables.RESULTS, rows);
        if (!save.isEmpty() && !rows.rows().isEmpty()) {
            try {
                Files.write(Paths.get(save), rows.csv().getBytes(StandardCharsets.UTF_8));
            } catch (IOException error) {
                throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                        "The table cannot be saved as " + save + " (" + error
                        + "); choose another place. Its rows are in the window " + Tables.RESULTS + ".").field("save").causedBy(error);
            }
        }
    }

    private static Map<String, Function<Path, Picture>> openers() {
        final Map<String, Function<Path, Picture>> openers = new HashMap<>();
        for (final String extension : OPENED_HERE) {
            openers.put(extension, FolderPlugIn::opened);
        }
        return openers;
    }

    private static Picture opened(final Path file) {
        final ImagePlus image = image(file);
        final PixelReader reader = new PixelReader(image);
        final List<Map<String, Integer>> planes = reader.allPlanes();
        final boolean several = planes.size() > 1;
        final PixelBuffer buffer = Picture.pixels(image.getTitle(), reader.type(),
                (several ? "P" : "") + reader.planeAxes(), shape(reader, several ? planes.size() : 0));
        for (final Map<String, Integer> plane : planes) {
            reader.copy(plane, buffer);
        }
        image.close();
        return buffer.picture();
    }

    /** Opens one picture among many: what ImageJ would say in a dialog becomes the error of this one. */
    private static ImagePlus image(final Path file) {
        final boolean redirecting = IJ.redirectingErrorMessages();
        final ImagePlus image;
        // One of an earlier command may still be noted.
        IJ.getErrorMessage();
        IJ.redirectErrorMessages(true);
        try {
            // Not IJ.openImage, after which no macro would seem to run; both forget where messages go.
            image = new Opener().openImage(file.toString());
        } finally {
            IJ.redirectErrorMessages(redirecting);
        }
        final String said = IJ.getErrorMessage();
        if (image == null || said != null) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_IMAGE_FORMAT, "ImageJ cannot open " + file
                    + (said == null ? "." : ": " + said.replaceAll("\\s+", " "))).field("image");
        }
        return image;
    }

    private static int[] shape(final PixelReader reader, final int planes) {
        final String axes = reader.planeAxes();
        final int first = planes > 0 ? 1 : 0;
        final int[] shape = new int[axes.length() + first];
        if (first == 1) {
            shape[0] = planes;
        }
        for (int i = 0; i < axes.length(); i++) {
            final char axis = axes.charAt(i);
            shape[first + i] = axis == 'X' ? reader.width() : axis == 'Y' ? reader.height() : reader.channels();
        }
        return shape;
    }
}
