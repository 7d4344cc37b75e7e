package org.zoobridge.client;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

import org.zoobridge.v1.AxisSize;
import org.zoobridge.v1.Model;
import org.zoobridge.v1.ModelInput;
import org.zoobridge.v1.Weights;

/** Whether a model can look at a picture, and if not, why: what a dialog shows before anything is sent. */
public final class ModelFit {

    private static final Pattern PLACEHOLDER = Pattern.compile("(channel|c|ch)?[ _-]?\\d*");

    private ModelFit() {
    }

    /**
     * The model as one writes it.
     *
     * @param model  a model
     * @param models all models of the zoo, newest version first
     * @return {@code id} for the newest version, {@code id@version} for the others
     */
    public static String reference(final Model model, final List<Model> models) {
        for (final Model other : models) {
            if (other.getId().equals(model.getId())) {
                return other.getVersion().equals(model.getVersion()) ? model.getId()
                        : model.getId() + "@" + model.getVersion();
            }
        }
        return model.getId();
    }

    /**
     * Why a model cannot be used at all here and now.
     *
     * @param model     the model
     * @param framework the framework to run it with; empty for any
     * @return a sentence; empty if it can be used
     */
    public static String problem(final Model model, final String framework) {
        if (!model.getProblem().isEmpty()) {
            return model.getProblem();
        }
        String problem = "";
        for (final Weights weights : model.getWeightsList()) {
            if (framework.isEmpty() || framework.equals(weights.getFramework())) {
                if (weights.getProblem().isEmpty()) {
                    return "";
                }
                problem = weights.getProblem()
                        + (weights.getRemedy().isEmpty() ? "" : " (" + weights.getRemedy() + ")");
            }
        }
        return problem.isEmpty() ? model.getId() + " has no weights for " + framework : problem;
    }

    /**
     * Why a model cannot look at a picture.
     *
     * @param model     the model
     * @param framework the framework to run it with; empty for any
     * @param channels  channels of the picture that are to be used
     * @param width     columns of what is to be classified; 0 if that differs from item to item
     * @param height    rows of what is to be classified; 0 if that differs from item to item
     * @return a sentence; empty if it fits
     */
    public static String problem(final Model model, final String framework, final int channels, final int width,
            final int height) {
        final String general = problem(model, framework);
        if (!general.isEmpty() || !model.hasInput()) {
            return general;
        }
        final ModelInput input = model.getInput();
        final int wanted = wantedChannels(input);
        if (wanted > 0 && !convertible(channels, wanted, input)) {
            return model.getId() + " wants " + counted(wanted) + names(input) + "; the image has " + channels;
        }
        if ("refuse".equals(input.getFit()) && width > 0 && height > 0
                && !(takes(input, "X", width) && takes(input, "Y", height))) {
            return model.getId() + " takes other sizes than " + width + " x " + height + ", and does not scale";
        }
        return "";
    }

    private static String counted(final int channels) {
        return channels == 1 ? "1 channel" : channels + " channels";
    }

    private static String names(final ModelInput input) {
        return input.getChannelNamesCount() == 0 ? "" : " (" + String.join(", ", input.getChannelNamesList()) + ")";
    }

    private static int wantedChannels(final ModelInput input) {
        final AxisSize size = input.getSizesMap().get("C");
        if (input.getAxes().indexOf('C') < 0) {
            return 1;
        }
        return size == null || size.getStep() != 0 ? 0 : size.getMin();
    }

    /** The conversions that the server makes by itself: grey to RGB and back. */
    private static boolean convertible(final int channels, final int wanted, final ModelInput input) {
        return channels == wanted || channels == 3 && wanted == 1 || channels == 1 && wanted == 3 && maySeeRgb(input);
    }

    /** Whether a model's three channels may be red, green and blue, as far as is known. */
    private static boolean maySeeRgb(final ModelInput input) {
        final List<String> names = new ArrayList<>();
        boolean placeholders = true;
        for (final String name : input.getChannelNamesList()) {
            names.add(name.trim().toLowerCase(Locale.ROOT));
            placeholders &= PLACEHOLDER.matcher(names.get(names.size() - 1)).matches();
        }
        return names.size() != 3 || placeholders || (names.contains("red") || names.contains("r"))
                && (names.contains("green") || names.contains("g")) && (names.contains("blue") || names.contains("b"));
    }

    private static boolean takes(final ModelInput input, final String axis, final int length) {
        final AxisSize size = input.getSizesMap().get(axis);
        if (size == null || length == size.getMin()) {
            return true;
        }
        return size.getStep() > 0 && length > size.getMin() && (length - size.getMin()) % size.getStep() == 0;
    }

    /**
     * The colours of a model's classes.
     *
     * @param model the model
     * @return {@code 0xRRGGBB} by label
     */
    public static Map<String, Integer> colors(final Model model) {
        final Map<String, Integer> colors = new TreeMap<>();
        for (int i = 0; i < model.getLabelsCount() && i < model.getLabelColorsCount(); i++) {
            colors.put(model.getLabels(i), Integer.parseInt(model.getLabelColors(i).substring(1), 16));
        }
        return colors;
    }
}
