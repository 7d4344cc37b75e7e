package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.io.SaveDialog;
import ij.plugin.PlugIn;

import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.options.Words;
import org.zoobridge.v1.ErrorReason;

/**
 * Plugins &gt; ZooBridge &gt; Export annotations…: the classes that were corrected by hand, as {@code zoobridge train}
 * reads them.
 * <p>
 * In a macro: {@code run("Export annotations...", "save=[/my/annotations.csv]")}; {@code all} writes the regions that
 * nobody corrected too, with the model's class.
 */
public final class ExportPlugIn implements PlugIn {

    private static final String TITLE = "Export annotations...";
    private static final List<String> KEYS = Collections.unmodifiableList(Arrays.asList("save", "all"));

    @Override
    public void run(final String argument) {
        Failure.guard(TITLE, () -> {
            final ImagePlus image = ClassifyPlugIn.currentImage();
            final Words options = MacroOptions.current(TITLE, KEYS);
            final String file = options == null ? chosen() : options.text("save", "");
            if (file == null) {
                return;
            }
            if (file.isEmpty()) {
                throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                        "No file is named. Name one: save=[/my/annotations.csv].").field("save");
            }
            final Path path = Paths.get(file);
            Corrections.say(Corrections.export(image, path, options != null && options.flag("all")), path);
        });
    }

    private static String chosen() {
        final SaveDialog dialog = new SaveDialog("Export annotations", "annotations", ".csv");
        return dialog.getFileName() == null ? null : dialog.getDirectory() + dialog.getFileName();
    }
}
