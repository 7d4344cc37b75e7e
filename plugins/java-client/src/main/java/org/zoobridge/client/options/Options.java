package org.zoobridge.client.options;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.zoobridge.client.ClassifyCall;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Intensity;


/**
 * What every program lets a person choose of a classification: model, framework, number of classes, tile size,
 * channels, intensities. Each program adds its own targets and ways to show the result.
 *
 * @param <S> the program's own options
 */
public abstract class Options<S extends Options<S>> {

    /** The framework choice that leaves it to the server. */
    public static final String AUTOMATIC = "automatic";

    /** Keys of the options that every command has. */
    public static final List<String> KEYS = Collections.unmodifiableList(
            Arrays.asList("model", "framework", "top", "channels", "intensity", "tile_size", "all_scores"));

    /** Key of commands that classify files, each of which may hold several pictures. */
    public static final String SERIES = "series";

    /** Number of classes named where nothing is stated. */
    public static final int DEFAULT_TOP = 3;
    /** Side of a tile where nothing is stated, in pixels. */
    public static final int DEFAULT_TILE = 128;

    private final int firstChannel;
    private String framework = AUTOMATIC;
    private String model = "";
    private int top = DEFAULT_TOP;
    private int tileSize = DEFAULT_TILE;
    private String channels = "";
    private String intensity = AUTOMATIC;
    private int series = -1;
    private boolean allScores;

    /**
     * Starts with the defaults.
     *
     * @param firstChannel the number that the program gives to a picture's first channel: 0 or 1
     */
    protected Options(final int firstChannel) {
        this.firstChannel = firstChannel;
    }

    /**
     * This object by its own type.
     *
     * @return this
     */
    protected abstract S self();

    /**
     * Takes what is stated; the rest keeps its default.
     *
     * @param words options by the keys of {@link #KEYS}
     * @return this
     * @throws ZooBridgeException if a value cannot be read
     */
    public S read(final Words words) {
        return framework(words.text("framework", AUTOMATIC)).model(words.text("model", ""))
                .top(words.number("top", DEFAULT_TOP)).tileSize(words.number("tile_size", DEFAULT_TILE))
                .channels(words.text("channels", "")).intensity(words.text("intensity", AUTOMATIC))
                .series(words.text(SERIES, "").trim().isEmpty() ? -1 : words.number(SERIES, 0))
                .allScores(words.flag("all_scores"));
    }

    /**
     * Fills a call in.
     *
     * @param call the call
     * @throws ZooBridgeException if channels or intensity cannot be read
     */
    public void apply(final ClassifyCall call) {
        call.framework(frameworkName()).topK(top).channels(channelIndexes()).intensity(intensityRule()).series(series);
        if (allScores) {
            call.withAllScores();
        }
    }

    /**
     * Makes sure that a model is chosen.
     *
     * @return its reference
     * @throws ZooBridgeException if none is
     */
    public String requireModel() {
        if (model.isEmpty()) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                    "No model is chosen. Name one, such as model=digits.").field("model");
        }
        return model;
    }

    /**
     * Channels to use.
     *
     * @return indexes from 0; empty for all
     * @throws ZooBridgeException if one is not a number of the program's
     */
    public int[] channelIndexes() {
        final List<Integer> indexes = new ArrayList<>();
        for (final String part : channels.trim().split("[,\\s]+")) {
            if (!part.isEmpty()) {
                indexes.add(index(part));
            }
        }
        return indexes.stream().mapToInt(Integer::intValue).toArray();
    }

    private int index(final String text) {
        try {
            final int number = Integer.parseInt(text);
            if (number >= firstChannel) {
                return number - firstChannel;
            }
        } catch (NumberFormatException error) {
            throw noChannels(error);
        }
        throw noChannels(null);
    }

    private ZooBridgeException noChannels(final Throwable cause) {
        return ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                "\"" + channels + "\" does not name channels. Write their numbers "
                + "from " + firstChannel + ", such as " + (firstChannel + 2) + "," + (firstChannel + 1) + ","
                + firstChannel + ", or nothing for all.").field("channels").causedBy(cause);
    }

    /**
     * Checks the channels against a picture, in the program's numbers.
     *
     * @param available how many it has
     * @throws ZooBridgeException if it lacks one of them
     */
    public void requireChannels(final int available) {
        for (final int index : channelIndexes()) {
            if (index >= available) {
                throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                        "There is no channel " + (index + firstChannel)
                        + ": the image has " + (available == 1 ? "1 channel" : available + " channels")
                        + ", counted from " + firstChannel + ".").field("channels");
            }
        }
    }

    /**
     * The framework as the server calls it.
     *
     * @return its name; empty for automatic
     */
    public String frameworkName() {
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
    public S framework(final String name) {
        framework = name == null || name.isEmpty() ? AUTOMATIC : name;
        return self();
    }

    /**
     * The model.
     *
     * @return {@code id} or {@code id@version}; empty if none is chosen
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
    public S model(final String reference) {
        model = reference == null ? "" : reference.trim();
        return self();
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
    public S top(final int count) {
        top = Math.max(0, count);
        return self();
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
    public S tileSize(final int pixels) {
        tileSize = pixels;
        return self();
    }

    /**
     * Channels to use.
     *
     * @return the program's numbers with commas; empty for all
     */
    public String channels() {
        return channels;
    }

    /**
     * Chooses channels.
     *
     * @param numbers the program's numbers with commas, in the order in which the model takes them; empty for all
     * @return this
     */
    public S channels(final String numbers) {
        channels = numbers == null ? "" : numbers;
        return self();
    }

    /**
     * How intensities reach the model's range.
     *
     * @return {@link #AUTOMATIC}, {@code as_is}, {@code dtype_range}, {@code unit_range}, {@code min_max}, or
     *         {@code LOW,HIGH}
     */
    public String intensity() {
        return intensity;
    }

    /**
     * Sets how intensities reach the model's range.
     *
     * @param rule as of {@link #intensity()}; empty for {@link #AUTOMATIC}
     * @return this
     */
    public S intensity(final String rule) {
        intensity = rule == null || rule.trim().isEmpty() ? AUTOMATIC : rule.trim();
        return self();
    }

    /**
     * The rule for intensities as the server reads it.
     *
     * @return the rule
     * @throws ZooBridgeException if it cannot be read
     */
    public Intensity intensityRule() {
        return IntensityOption.parse(intensity);
    }

    /**
     * Which picture of files that hold several.
     *
     * @return place in the file, from 0; -1 for the first that is not a thumbnail, reduced copy or mask
     */
    public int series() {
        return series;
    }

    /**
     * Chooses the picture of files that hold several.
     *
     * @param index as of {@link #series()}
     * @return this
     */
    public S series(final int index) {
        series = Math.max(-1, index);
        return self();
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
    public S allScores(final boolean wanted) {
        allScores = wanted;
        return self();
    }
}
