package org.zoobridge.imagej;

import ij.IJ;
import ij.Prefs;
import ij.plugin.BrowserLauncher;
import ij.plugin.PlugIn;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.options.Named;
import org.zoobridge.client.options.Words;
import org.zoobridge.client.training.KeepTogether;
import org.zoobridge.client.training.TrainingProject;
import org.zoobridge.imagej.dialogs.TrainDialog;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.PublishedModel;
import org.zoobridge.v1.TrainingFigures;

/**
 * Plugins &gt; ZooBridge &gt; Train…: a model from regions whose names or groups are classes.
 * <p>
 * In a macro: {@code run("Train...", "name=[My cells] classes=Groups folder=[/my/pictures/]")}.
 */
public final class TrainPlugIn implements PlugIn {

    private static final String TITLE = "Train...";
    private static final List<String> KEYS = Collections.unmodifiableList(
            Arrays.asList("name", "classes", "folder", "keep_together", "report"));

    @Override
    public void run(final String argument) {
        Failure.guard(TITLE, () -> {
            final Words options = MacroOptions.current(TITLE, KEYS);
            if (options != null) {
                train(options, options.text("report", ""));
                return;
            }
            final Words asked = TrainDialog.ask();
            if (asked != null) {
                open(train(asked, ""));
            }
        });
    }

    /** Annotates, fits and publishes; returns the report. */
    private static Path train(final Words options, final String report) {
        final String name = options.text("name", "");
        if (name.trim().isEmpty()) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                    "The model has no name. Write one, such as name=[My cells].").field("name");
        }
        final RoiClasses classes = Named.of(RoiClasses.values(), options.text("classes", RoiClasses.NAMES.label()),
                "classes");
        final KeepTogether asked = Named.of(KeepTogether.values(),
                options.text("keep_together", KeepTogether.AUTOMATIC.label()), "keep_together");
        final AnnotatedImages images = new AnnotatedImages(options.text("folder", ""), classes);
        final Set<String> found = images.count().keySet();
        if (found.size() < 2) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST, "Training needs regions of two or more "
                    + "classes; " + (found.isEmpty() ? "none has a class" : "all are " + String.join(", ", found))
                    + ". Name regions by their class, or put them into groups.").field("classes");
        }
        try (Run run = new Run("Training " + name)) {
            final TrainingProject project = new TrainingProject(Connection.current(), name);
            final Set<Integer> channels = new HashSet<>();
            final Set<KeepTogether> kept = EnumSet.noneOf(KeepTogether.class);
            final int count = images.size();
            images.forEach((image, rois) -> {
                if (!rois.isEmpty()) {
                    final Places places = new Places(image);
                    final KeepTogether together = asked.resolved(count, places.planes(rois));
                    project.annotate(places.annotated(rois, classes, together), run.cancellation());
                    kept.add(together);
                    channels.add(new PixelReader(image).channels());
                }
            });
            final TrainingFigures figures = project.fit(run.progress(0, 2), run.cancellation());
            final PublishedModel model = project.publish(run.progress(1, 2), run.cancellation());
            say(name, figures, model);
            kept.stream().map(KeepTogether::caution).filter(caution -> !caution.isEmpty())
                    .forEach(caution -> IJ.log("ZooBridge: " + caution));
            Prefs.set("zoobridge.model", model.getId());
            channels.forEach(number -> Prefs.set("zoobridge.model." + number, model.getId()));
            return saved(project.report(), report);
        }
    }

    private static void say(final String name, final TrainingFigures figures, final PublishedModel model) {
        IJ.log("ZooBridge: trained \"" + name + "\" (" + model.getId() + ", version " + model.getVersion() + "). "
                + TrainingProject.headline(figures));
        figures.getCautionsList().forEach(caution -> IJ.log("ZooBridge: " + caution));
    }

    private static Path saved(final String page, final String report) {
        try {
            final Path file = report.isEmpty() ? Files.createTempFile("zoobridge-training-", ".html") : Paths.get(report);
            Files.write(file, page.getBytes(StandardCharsets.UTF_8));
            IJ.log("ZooBridge: the report is " + file);
            return file;
        } catch (IOException error) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST, "The model is published; its report "
                    + "cannot be saved (" + error + ").").field("report").causedBy(error);
        }
    }

    private static void open(final Path report) {
        try {
            BrowserLauncher.openURL(report.toUri().toString());
        } catch (IOException error) {
            IJ.log("ZooBridge: no browser opens the report (" + error.getMessage() + ")");
        }
    }
}
