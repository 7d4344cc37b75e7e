package org.zoobridge.imagej.dialogs;

import ij.ImagePlus;

import java.awt.Dimension;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

import org.zoobridge.client.ClassifyCall;
import org.zoobridge.client.ModelFacts;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.options.Options;
import org.zoobridge.imagej.Choices;
import org.zoobridge.imagej.PixelReader;
import org.zoobridge.v1.AxisSize;
import org.zoobridge.v1.CheckImageRequest;
import org.zoobridge.v1.Framework;
import org.zoobridge.v1.Model;

/** The models of a zoo as a dialog offers them: the best fit first, and of those that do not fit, why. */
final class ModelOffer {

    private final ZooBridge zoo;
    private final List<Model> models;
    private final List<Framework> frameworks;

    ModelOffer(final ZooBridge zoo) {
        this.zoo = zoo;
        this.models = zoo.models();
        this.frameworks = zoo.frameworks();
    }

    /** Whether the zoo has no models. */
    boolean isEmpty() {
        return models.isEmpty();
    }

    /**
     * Asks the server which models can look at an image.
     *
     * @param question made by {@link #question}
     * @return why a model cannot, by its reference; empty where it can
     */
    Map<String, String> refusals(final CheckImageRequest question) {
        return zoo.refusals(models, question);
    }

    /**
     * The question to the server.
     *
     * @param image   the image
     * @param choices the options; they must be readable
     * @param item    size of an item; empty where it differs from item to item
     * @return the question, for any model
     */
    CheckImageRequest question(final ImagePlus image, final Choices choices, final Dimension item) {
        final ClassifyCall call = zoo.classify("");
        choices.apply(call);
        return call.question(new PixelReader(image), item.width, item.height);
    }

    /** Names of the frameworks, {@link Options#AUTOMATIC} first. */
    String[] frameworkNames() {
        final List<String> names = new ArrayList<>();
        names.add(Options.AUTOMATIC);
        for (final Framework framework : frameworks) {
            names.add(framework.getName());
        }
        return names.toArray(new String[0]);
    }

    /** Whether a framework is among those of the server. */
    boolean hasFramework(final String name) {
        return Arrays.asList(frameworkNames()).contains(name);
    }

    /**
     * Why a framework cannot be used.
     *
     * @param name its name; empty for any
     * @return a sentence; empty if it can
     */
    String frameworkProblem(final String name) {
        for (final Framework framework : frameworks) {
            if (framework.getName().equals(name) && !framework.getProblem().isEmpty()) {
                return framework.getProblem()
                        + (framework.getRemedy().isEmpty() ? "" : " (" + framework.getRemedy() + ")");
            }
        }
        return "";
    }

    /**
     * The models in the order of the offer.
     *
     * @param framework the framework; empty for any
     * @param refusals  why a model cannot look at the image, by its reference
     * @param channels  channels of the picture; 0 if that is not known
     * @param item      size of an item; empty if that is not known
     * @return those that fit, the closest first, then the others by name
     */
    List<Entry> entries(final String framework, final Map<String, String> refusals, final int channels,
            final Dimension item) {
        final List<Entry> entries = new ArrayList<>();
        for (final Model model : models) {
            final String reference = ModelFacts.reference(model, models);
            final String general = ModelFacts.problem(model, framework);
            entries.add(new Entry(reference, model, general.isEmpty() ? refusals.getOrDefault(reference, "") : general,
                    distance(model, channels, item.width, item.height)));
        }
        entries.sort(Comparator.comparing((Entry entry) -> !entry.problem.isEmpty())
                .thenComparing(entry -> entry.distance).thenComparing(entry -> entry.name().toLowerCase(Locale.ROOT)));
        return entries;
    }

    /** How much an item is changed for a model: its size in powers of two, and converted channels as three of them. */
    private static double distance(final Model model, final int channels, final int width, final int height) {
        double distance = 0;
        final Map<String, AxisSize> sizes = model.getInput().getSizesMap();
        final AxisSize wide = sizes.get("X");
        final AxisSize high = sizes.get("Y");
        if (width > 0 && wide != null && high != null && wide.getStep() == 0 && wide.getMin() > 0) {
            final double ratio = (double) width * height / ((double) wide.getMin() * high.getMin());
            distance += Math.abs(Math.log(ratio) / Math.log(2)) / 2;
        }
        final int wanted = model.getInput().getAxes().indexOf('C') < 0 ? 1
                : sizes.containsKey("C") ? sizes.get("C").getMin() : channels;
        return Math.rint(distance * 10) / 10 + (channels > 0 && wanted != channels ? 3 : 0);
    }

    /** A model of the offer. */
    static final class Entry {

        private final String reference;
        private final Model model;
        private final String problem;
        private final double distance;

        Entry(final String reference, final Model model, final String problem, final double distance) {
            this.reference = reference;
            this.model = model;
            this.problem = problem;
            this.distance = distance;
        }

        String reference() {
            return reference;
        }

        /** The name for people. */
        String name() {
            return model.getName().isEmpty() ? reference : model.getName();
        }

        /** Why it cannot be used; empty if it can. */
        String problem() {
            return problem;
        }

        boolean matches(final String search) {
            final String text = (name() + " " + reference + " " + model.getTagsList() + " " + model.getLabelsList())
                    .toLowerCase(Locale.ROOT);
            for (final String word : search.toLowerCase(Locale.ROOT).trim().split("\\s+")) {
                if (!text.contains(word)) {
                    return false;
                }
            }
            return true;
        }

        /** Name, input, classes, licence and description, or why it cannot be used. */
        String describe() {
            final StringBuilder text = new StringBuilder();
            if (!problem.isEmpty()) {
                text.append("Cannot be used: ").append(problem).append('\n');
            }
            text.append(name()).append("  (").append(reference).append(", version ").append(model.getVersion())
                    .append(")\nInput: ").append(input()).append('\n').append(model.getLabelsCount())
                    .append(model.getLabelsCount() == 1 ? " class: " : " classes: ")
                    .append(String.join(", ", model.getLabelsList()));
            if (!model.getLicense().isEmpty()) {
                text.append("\nLicence: ").append(model.getLicense());
            }
            return text.append(model.getDescription().isEmpty() ? "" : "\n" + model.getDescription()).toString();
        }

        private String input() {
            final Map<String, AxisSize> sizes = new TreeMap<>(model.getInput().getSizesMap());
            final StringBuilder text = new StringBuilder();
            if (sizes.containsKey("X") && sizes.containsKey("Y")) {
                text.append(length(sizes.get("X"))).append(" x ").append(length(sizes.get("Y"))).append(" pixels");
            }
            final int channels = model.getInput().getAxes().indexOf('C') < 0 ? 1
                    : sizes.containsKey("C") ? sizes.get("C").getMin() : 0;
            if (channels > 0) {
                text.append(text.length() == 0 ? "" : ", ")
                        .append(channels == 1 ? "1 channel" : channels + " channels");
            }
            if (model.getInput().getChannelNamesCount() > 1) {
                text.append(" (").append(String.join(", ", model.getInput().getChannelNamesList())).append(')');
            }
            return text.append("; ").append(otherSizes(model.getInput().getFit())).toString();
        }

        private static String otherSizes(final String fit) {
            switch (fit) {
                case "pad":
                    return "other sizes are scaled and padded";
                case "crop":
                    return "other sizes are scaled and cropped";
                case "center":
                    return "other sizes are cropped or padded around the centre";
                case "refuse":
                    return "no other size";
                default:
                    return "other sizes are stretched";
            }
        }

        private static String length(final AxisSize size) {
            return size.getStep() == 0 ? String.valueOf(size.getMin())
                    : size.getMin() + " + n x " + size.getStep();
        }

        @Override
        public String toString() {
            return name().equals(reference) ? reference : name() + "   [" + reference + "]";
        }
    }
}
