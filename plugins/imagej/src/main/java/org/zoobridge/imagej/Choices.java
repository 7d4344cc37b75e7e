package org.zoobridge.imagej;

import ij.Prefs;

import java.util.ArrayList;
import java.util.List;

import org.zoobridge.client.ClassifyCall;
import org.zoobridge.client.errors.InvalidRequestException;
import org.zoobridge.client.errors.ZooBridgeException.Facts;

/** What a person chose in a dialog, or a macro stated. Remembered from run to run. */
public final class Choices {

    /** The framework choice that leaves it to the server. */
    public static final String AUTOMATIC = "automatic";

    private static final String PREFIX = "zoobridge.";
    private static final int DEFAULT_TOP = 3;
    private static final int DEFAULT_TILE = 128;

    private String framework = AUTOMATIC;
    private String model = "";
    private Target target = Target.IMAGE;
    private int top = DEFAULT_TOP;
    private int tileSize = DEFAULT_TILE;
    private String channels = "";
    private boolean allScores;
    private boolean overlay = true;

    /**
     * The choices of the last run, from ImageJ's preferences.
     *
     * @return choices
     */
    public static Choices remembered() {
        final Choices choices = new Choices();
        choices.framework = Prefs.get(PREFIX + "framework", AUTOMATIC);
        choices.model = Prefs.get(PREFIX + "model", "");
        try {
            choices.target = Target.of(Prefs.get(PREFIX + "target", Target.IMAGE.label()));
        } catch (InvalidRequestException unknown) {
            choices.target = Target.IMAGE;
        }
        choices.top = (int) Prefs.get(PREFIX + "top", DEFAULT_TOP);
        choices.tileSize = (int) Prefs.get(PREFIX + "tile_size", DEFAULT_TILE);
        choices.allScores = Prefs.get(PREFIX + "all_scores", false);
        choices.overlay = Prefs.get(PREFIX + "overlay", true);
        return choices;
    }

    /**
     * The choices that a macro states; what it does not state has its documented default, never the last run's.
     *
     * @param options the macro's words
     * @return choices
     */
    public static Choices of(final MacroOptions options) {
        return new Choices().framework(options.text("framework", AUTOMATIC)).model(options.text("model", ""))
                .target(Target.of(options.text("target", Target.IMAGE.label())))
                .top(options.number("top", DEFAULT_TOP)).tileSize(options.number("tile_size", DEFAULT_TILE))
                .channels(options.text("channels", "")).allScores(options.flag("all_scores"))
                .overlay(options.flag("overlay"));
    }

    /** Keeps the choices for the next run. */
    public void remember() {
        Prefs.set(PREFIX + "framework", framework);
        Prefs.set(PREFIX + "model", model);
        Prefs.set(PREFIX + "target", target.label());
        Prefs.set(PREFIX + "top", top);
        Prefs.set(PREFIX + "tile_size", tileSize);
        Prefs.set(PREFIX + "all_scores", allScores);
        Prefs.set(PREFIX + "overlay", overlay);
    }

    /**
     * Fills a call in.
     *
     * @param call the call
     */
    void apply(final ClassifyCall call) {
        call.framework(frameworkName()).topK(top);
        if (allScores) {
            call.withAllScores();
        }
        final int[] indexes = channelIndexes();
        if (indexes.length > 0) {
            call.channels(indexes);
        }
    }

    /**
     * Channels to use.
     *
     * @return indexes from 0; empty for all
     * @throws InvalidRequestException if they are not whole numbers from 1
     */
    int[] channelIndexes() {
        final List<Integer> indexes = new ArrayList<>();
        for (final String part : channels.trim().split("[,\\s]+")) {
            if (!part.isEmpty()) {
                indexes.add(positive(part) - 1);
            }
        }
        return indexes.stream().mapToInt(Integer::intValue).toArray();
    }

    /**
     * Checks the channels against an image, in ImageJ's numbers.
     *
     * @param available how many it has
     * @throws InvalidRequestException if it lacks one of them
     */
    void requireChannels(final int available) {
        for (final int index : channelIndexes()) {
            if (index >= available) {
                throw new InvalidRequestException(new Facts("There is no channel " + (index + 1) + ": the image has "
                        + (available == 1 ? "1 channel" : available + " channels") + ", counted from 1.")
                        .reason("INVALID_REQUEST").field("channels"));
            }
        }
    }

    private int positive(final String text) {
        try {
            final int number = Integer.parseInt(text);
            if (number >= 1) {
                return number;
            }
        } catch (NumberFormatException error) {
            throw noChannels(error);
        }
        throw noChannels(null);
    }

    private InvalidRequestException noChannels(final Throwable cause) {
        return new InvalidRequestException(new Facts("\"" + channels + "\" names no channels; write their numbers from "
                + "1, such as 3,2,1, or nothing for all").reason("INVALID_REQUEST").field("channels").cause(cause));
    }

    /**
     * The framework as the server calls it.
     *
     * @return its name; empty for automatic
     */
    String frameworkName() {
        return AUTOMATIC.equalsIgnoreCase(framework) ? "" : framework;
    }

    /**
     * The framework.
     *
     * @return its name, or {@link #AUTOMATIC}
     */
    public String framework() {
        return framework;
    }

    /**
     * Chooses the framework.
     *
     * @param name {@code onnx}, {@code pytorch}, {@code tensorflow} or {@link #AUTOMATIC}
     * @return this
     */
    public Choices framework(final String name) {
        framework = name == null || name.isEmpty() ? AUTOMATIC : name;
        return this;
    }

    /**
     * The model.
     *
     * @return {@code id} or {@code id@version}
     */
    public String model() {
        return model;
    }

    /**
     * Chooses the model.
     *
     * @param reference {@code id} or {@code id@version}
     * @return this
     */
    public Choices model(final String reference) {
        model = reference == null ? "" : reference;
        return this;
    }

    /**
     * What to classify.
     *
     * @return the target
     */
    public Target target() {
        return target;
    }

    /**
     * Chooses what to classify.
     *
     * @param value the target
     * @return this
     */
    public Choices target(final Target value) {
        target = value;
        return this;
    }

    /**
     * How many classes to name.
     *
     * @return best first; 0 for the model's default
     */
    public int top() {
        return top;
    }

    /**
     * Sets how many classes to name.
     *
     * @param count classes; 0 for the model's default
     * @return this
     */
    public Choices top(final int count) {
        top = Math.max(0, count);
        return this;
    }

    /**
     * Side of a tile.
     *
     * @return pixels
     */
    public int tileSize() {
        return tileSize;
    }

    /**
     * Sets the side of a tile.
     *
     * @param pixels at least 1
     * @return this
     */
    public Choices tileSize(final int pixels) {
        tileSize = pixels;
        return this;
    }

    /**
     * Channels to use.
     *
     * @return numbers from 1 with commas; empty for all
     */
    public String channels() {
        return channels;
    }

    /**
     * Chooses channels.
     *
     * @param numbers from 1 with commas, in the order in which the model takes them; empty for all
     * @return this
     */
    public Choices channels(final String numbers) {
        channels = numbers == null ? "" : numbers;
        return this;
    }

    /**
     * Whether the scores of all classes are wanted.
     *
     * @return true if they are
     */
    public boolean allScores() {
        return allScores;
    }

    /**
     * Asks for the scores of all classes.
     *
     * @param wanted whether they are wanted
     * @return this
     */
    public Choices allScores(final boolean wanted) {
        allScores = wanted;
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
}
