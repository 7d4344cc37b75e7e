package org.zoobridge.client;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.zoobridge.v1.Model;
import org.zoobridge.v1.Weights;

/** What a program shows of a model: how one writes it, whether it can be run here, and its colours. */
public final class ModelFacts {

    private ModelFacts() {
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
