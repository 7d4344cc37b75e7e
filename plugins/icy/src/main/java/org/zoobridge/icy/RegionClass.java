package org.zoobridge.icy;

import java.awt.Color;
import java.util.Locale;

import org.zoobridge.v1.ModelIdentity;

/** The class of a region, as it is written into it. Immutable. */
public final class RegionClass {

    private final RegionView region;
    private final String label;
    private final double score;
    private final Color color;
    private final ModelIdentity model;

    RegionClass(final RegionView region, final String label, final double score, final Color color,
            final ModelIdentity model) {
        this.region = region;
        this.label = label;
        this.score = score;
        this.color = color;
        this.model = model;
    }

    /**
     * The region.
     *
     * @return as it was given
     */
    public RegionView region() {
        return region;
    }

    /**
     * The class.
     *
     * @return its label
     */
    public String label() {
        return label;
    }

    /**
     * The score.
     *
     * @return NaN where the model gives none
     */
    public double score() {
        return score;
    }

    /**
     * The class's colour.
     *
     * @return opaque
     */
    public Color color() {
        return color;
    }

    /**
     * The model.
     *
     * @return id, version and digest
     */
    public ModelIdentity model() {
        return model;
    }

    /**
     * The name that the region gets: its own, then the class.
     *
     * @param own the region's name before it was ever classified
     * @return such as {@code cell 3: grass 0.97}
     */
    public String nameFor(final String own) {
        final String shown = Double.isNaN(score) ? label : String.format(Locale.ROOT, "%s %.2f", label, score);
        return own.isEmpty() ? shown : own + ": " + shown;
    }
}
