package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.measure.ResultsTable;

import org.scijava.ItemIO;
import org.scijava.command.Command;
import org.scijava.plugin.Parameter;
import org.scijava.plugin.Plugin;

/**
 * {@link Classifier} with typed parameters, for SciJava's scripts and services in Fiji. It has no menu entry, for
 * <i>Classify…</i> is there already.
 */
@Plugin(type = Command.class, name = "zoobridge.classify", label = "Classify with ZooBridge", headless = true)
public final class ClassifyCommand implements Command {

    /** The image. */
    @Parameter
    private ImagePlus image;

    /** {@code id} or {@code id@version}. */
    @Parameter(label = "Model")
    private String model;

    /** {@code onnx}, {@code pytorch}, {@code tensorflow} or {@code automatic}. */
    @Parameter(label = "Framework", required = false)
    private String framework = Choices.AUTOMATIC;

    /** As in macros; empty for the selected area, else the whole image. */
    @Parameter(label = "Target", required = false)
    private String target = "";

    /** Title of the label image, for the target <i>Label image</i>. */
    @Parameter(label = "Label image", required = false)
    private String labels = "";

    /** Channels from 1, such as {@code 3,2,1}; empty for all. */
    @Parameter(label = "Channels", required = false)
    private String channels = "";

    /** As in macros: a rule, or the two intensities that become the ends of the model's range. */
    @Parameter(label = "Intensity", required = false)
    private String intensity = Choices.AUTOMATIC;

    /** How many classes to name. */
    @Parameter(label = "Top", required = false)
    private int top = 3;

    /** Side of a tile, in pixels. */
    @Parameter(label = "Tile size", required = false)
    private int tileSize = 128;

    /** Whether all scores are wanted. */
    @Parameter(label = "All scores", required = false)
    private boolean allScores;

    /** Whether to draw over the image. */
    @Parameter(label = "Overlay", required = false)
    private boolean overlay;

    /** The rows of this run. */
    @Parameter(type = ItemIO.OUTPUT)
    private ResultsTable results;

    @Override
    public void run() {
        results = Classifier.classify(image, new Choices().model(model).framework(framework).top(top)
                .target(target.trim().isEmpty() ? null : Target.of(target)).labels(labels).channels(channels)
               .intensity(intensity).tileSize(tileSize).allScores(allScores).overlay(overlay));
    }
}
