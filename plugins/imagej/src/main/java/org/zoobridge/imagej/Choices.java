package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.Prefs;
import ij.gui.Roi;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.options.Options;
import org.zoobridge.client.options.Words;


/** What a person chose in a dialog, or a macro stated. Remembered from run to run. */
public final class Choices extends Options<Choices> {

    /** Keys of <i>Classify…</i> in macros. */
    static final List<String> KEYS = keys("target", "labels", "overlay", "legend", "class_map", "probability_maps",
            "roi_manager", "summary");
    /** Keys of <i>Compare models…</i> in macros. */
    static final List<String> COMPARE_KEYS = keys("models", "target", "labels");

    private static final String PREFIX = "zoobridge.";

    private Target target;
    private String labels = "";
    private boolean overlay = true;
    private boolean legend;
    private boolean classMap;
    private boolean probabilityMaps;
    private boolean roiManager;
    private boolean summary;

    /** Starts with the defaults. */
    public Choices() {
        super(1);
    }

    private static List<String> keys(final String... own) {
        final List<String> keys = new ArrayList<>(Options.KEYS);
        keys.addAll(Arrays.asList(own));
        return Collections.unmodifiableList(keys);
    }

    @Override
    protected Choices self() {
        return this;
    }

    /**
     * The choices of the last run, from ImageJ's preferences.
     *
     * @return choices
     */
    public static Choices remembered() {
        final Choices choices = new Choices().framework(Prefs.get(PREFIX + "framework", AUTOMATIC))
                .model(Prefs.get(PREFIX + "model", "")).top((int) Prefs.get(PREFIX + "top", DEFAULT_TOP))
                .tileSize((int) Prefs.get(PREFIX + "tile_size", DEFAULT_TILE))
                .allScores(Prefs.get(PREFIX + "all_scores", false)).overlay(Prefs.get(PREFIX + "overlay", true))
                .legend(Prefs.get(PREFIX + "legend", false)).classMap(Prefs.get(PREFIX + "class_map", false))
                .probabilityMaps(Prefs.get(PREFIX + "probability_maps", false))
                .roiManager(Prefs.get(PREFIX + "roi_manager", false)).summary(Prefs.get(PREFIX + "summary", true));
        try {
            choices.target = Target.of(Prefs.get(PREFIX + "target", Target.IMAGE.label()));
        } catch (ZooBridgeException unknown) {
            choices.target = null;
        }
        return choices;
    }

    /**
     * The choices that a macro states; what it does not state has its documented default, never the last run's.
     *
     * @param words the macro's options
     * @return choices
     */
    public static Choices of(final Words words) {
        final Choices choices = new Choices().read(words).labels(words.text("labels", ""))
                .overlay(words.flag("overlay")).legend(words.flag("legend")).classMap(words.flag("class_map"))
                .probabilityMaps(words.flag("probability_maps")).roiManager(words.flag("roi_manager"))
                .summary(words.flag("summary"));
        choices.target = words.has("target") ? Target.of(words.text("target", ""))
                : words.has("labels") ? Target.LABELS : null;
        return choices;
    }

    /** Keeps the choices for the next run. */
    public void remember() {
        Prefs.set(PREFIX + "framework", framework());
        Prefs.set(PREFIX + "model", model());
        Prefs.set(PREFIX + "target", target == null ? Target.IMAGE.label() : target.label());
        Prefs.set(PREFIX + "top", top());
        Prefs.set(PREFIX + "tile_size", tileSize());
        Prefs.set(PREFIX + "all_scores", allScores());
        Prefs.set(PREFIX + "overlay", overlay);
        Prefs.set(PREFIX + "legend", legend);
        Prefs.set(PREFIX + "class_map", classMap);
        Prefs.set(PREFIX + "probability_maps", probabilityMaps);
        Prefs.set(PREFIX + "roi_manager", roiManager);
        Prefs.set(PREFIX + "summary", summary);
    }

    /**
     * What to classify in an image: what is chosen; else, as everywhere in ImageJ, the area that is selected; else the
     * whole image.
     *
     * @param image an open image
     * @return the target
     */
    public Target targetIn(final ImagePlus image) {
        if (target != null) {
            return target;
        }
        final Roi roi = image.getRoi();
        return roi != null && roi.isArea() ? Target.SELECTION : Target.IMAGE;
    }

    /**
     * Chooses what to classify.
     *
     * @param value the target; null for the selection, or the whole image where no area is selected
     * @return this
     */
    public Choices target(final Target value) {
        target = value;
        return this;
    }

    /**
     * The label image, for {@link Target#LABELS}.
     *
     * @return its title; empty for the image itself
     */
    public String labels() {
        return labels;
    }

    /**
     * Chooses the label image.
     *
     * @param title title of an open image in which each object has a number of its own; empty for the image itself
     * @return this
     */
    public Choices labels(final String title) {
        labels = title == null ? "" : title;
        return this;
    }

    /**
     * Whether the classes are drawn over the image.
     *
     * @return true if they are
     */
    public boolean overlay() {
        return overlay;
    }

    /**
     * Asks for the classes to be drawn over the image.
     *
     * @param wanted whether they are
     * @return this
     */
    public Choices overlay(final boolean wanted) {
        overlay = wanted;
        return this;
    }

    /**
     * Whether a legend is drawn even where every label fits into its region.
     *
     * @return true if it is
     */
    public boolean legend() {
        return legend;
    }

    /**
     * Asks for a legend even where every label fits into its region.
     *
     * @param wanted whether it is drawn
     * @return this
     */
    public Choices legend(final boolean wanted) {
        legend = wanted;
        return this;
    }

    /**
     * Whether a map of the classes of tiles or labels is shown as an image.
     *
     * @return true if it is
     */
    public boolean classMap() {
        return classMap;
    }

    /**
     * Asks for a map of the classes of tiles or labels.
     *
     * @param wanted whether it is shown
     * @return this
     */
    public Choices classMap(final boolean wanted) {
        classMap = wanted;
        return this;
    }

    /**
     * Whether a map of the scores of each class is shown as a stack.
     *
     * @return true if it is
     */
    public boolean probabilityMaps() {
        return probabilityMaps;
    }

    /**
     * Asks for a map of the scores of each class.
     *
     * @param wanted whether it is shown
     * @return this
     */
    public Choices probabilityMaps(final boolean wanted) {
        probabilityMaps = wanted;
        return this;
    }

    /**
     * Whether classes go into the names and groups of the ROI Manager's regions.
     *
     * @return true if they do
     */
    public boolean roiManager() {
        return roiManager;
    }

    /**
     * Asks for classes in the names and groups of the ROI Manager's regions; other regions are added to it.
     *
     * @param wanted whether they are wanted there
     * @return this
     */
    public Choices roiManager(final boolean wanted) {
        roiManager = wanted;
        return this;
    }

    /**
     * Whether counts and area by class are added to a second table.
     *
     * @return true if they are
     */
    public boolean summary() {
        return summary;
    }

    /**
     * Asks for counts and area by class in a second table.
     *
     * @param wanted whether they are wanted
     * @return this
     */
    public Choices summary(final boolean wanted) {
        summary = wanted;
        return this;
    }
}
