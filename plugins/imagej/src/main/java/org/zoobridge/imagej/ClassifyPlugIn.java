package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.WindowManager;
import ij.plugin.PlugIn;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.options.Words;
import org.zoobridge.imagej.dialogs.ClassifyDialog;
import org.zoobridge.v1.ErrorReason;

/**
 * Plugins &gt; ZooBridge &gt; Classify…
 * <p>
 * In a macro: {@code run("Classify...", "framework=automatic model=digits target=[Whole image] top=3 overlay")}.
 */
public final class ClassifyPlugIn implements PlugIn {

    /** The command's name. */
    static final String TITLE = "Classify...";

    @Override
    public void run(final String argument) {
        Failure.guard(TITLE, () -> {
            final ImagePlus image = currentImage();
            final Words options = MacroOptions.current(TITLE, Choices.KEYS);
            final Choices choices = options == null ? ClassifyDialog.ask(image) : Choices.of(options);
            if (choices != null) {
                Classifier.classify(image, choices);
            }
        });
    }

    /** The image that is in front. */
    static ImagePlus currentImage() {
        final ImagePlus image = WindowManager.getCurrentImage();
        if (image == null) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                    "No image is open. Open one (File > Open…) and run this again.").field("image");
        }
        return image;
    }
}
