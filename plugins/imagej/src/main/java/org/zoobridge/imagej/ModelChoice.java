package org.zoobridge.imagej;

import java.awt.Choice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.zoobridge.client.ModelFit;
import org.zoobridge.v1.Framework;
import org.zoobridge.v1.Model;

/** The models that a dialog offers: those that fit first, the others with the reason why they do not. */
final class ModelChoice {

    private final List<Model> models;
    private final List<Framework> frameworks;
    private final int width;
    private final int height;

    /**
     * Prepares an offer.
     *
     * @param models     all models
     * @param frameworks all frameworks
     * @param width      columns of what is to be classified; 0 if that is not known yet
     * @param height     rows of it
     */
    ModelChoice(final List<Model> models, final List<Framework> frameworks, final int width, final int height) {
        this.models = models;
        this.frameworks = frameworks;
        this.width = width;
        this.height = height;
    }

    /** Names of the frameworks, {@link Choices#AUTOMATIC} first. */
    String[] frameworkNames() {
        final List<String> names = new ArrayList<>();
        names.add(Choices.AUTOMATIC);
        for (final Framework framework : frameworks) {
            names.add(framework.getName());
        }
        return names.toArray(new String[0]);
    }

    /** Goes back to {@link Choices#AUTOMATIC} where a remembered framework is not offered by this server. */
    void keepToOffered(final Choices choices) {
        if (!Arrays.asList(frameworkNames()).contains(choices.framework())) {
            choices.framework(Choices.AUTOMATIC);
        }
    }

    /**
     * The models' references in the order of the offer.
     *
     * @param framework the framework; empty for any
     * @param channels  channels of the picture; 0 if that is not known
     * @return for each reference why it does not fit; empty if it does
     */
    Map<String, String> offer(final String framework, final int channels) {
        final Map<String, String> fitting = new LinkedHashMap<>();
        final Map<String, String> others = new LinkedHashMap<>();
        for (final Model model : models) {
            final String problem = channels == 0 ? ModelFit.problem(model, framework)
                    : ModelFit.problem(model, framework, channels, width, height);
            (problem.isEmpty() ? fitting : others).put(ModelFit.reference(model, models), problem);
        }
        fitting.putAll(others);
        return fitting;
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
     * A model in a line or two.
     *
     * @param reference {@code id} or {@code id@version}
     * @return name, classes, input and licence
     */
    String describe(final String reference) {
        for (final Model model : models) {
            if (ModelFit.reference(model, models).equals(reference)) {
                return model.getName() + " · " + model.getLabelsCount() + " classes"
                        + (model.getLicense().isEmpty() ? "" : " · " + model.getLicense()) + "\n"
                        + model.getDescription();
            }
        }
        return "";
    }

    /** Fills a choice with the offer, keeping what is selected if it can. */
    static void fill(final Choice choice, final Map<String, String> offer) {
        final String before = choice.getSelectedItem();
        choice.removeAll();
        for (final String reference : offer.keySet()) {
            choice.add(reference);
        }
        if (before != null && offer.containsKey(before)) {
            choice.select(before);
        }
    }
}
