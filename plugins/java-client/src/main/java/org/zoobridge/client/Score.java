package org.zoobridge.client;

import java.util.OptionalDouble;

import org.zoobridge.v1.ClassScore;

/** One class and its score. */
public final class Score {

    private final ClassScore message;

    Score(final ClassScore message) {
        this.message = message;
    }

    /**
     * Index of the class in the model's labels.
     *
     * @return index from 0
     */
    public int index() {
        return message.getIndex();
    }

    /**
     * Name of the class.
     *
     * @return the label
     */
    public String label() {
        return message.getLabel();
    }

    /**
     * The score, of the kind that the answer states.
     *
     * @return the score; empty where the model gives labels only
     */
    public OptionalDouble score() {
        // Through the decimal form, so that 0.1f reads as 0.1 and every program shows the same digits.
        return message.hasScore() ? OptionalDouble.of(Double.parseDouble(Float.toString(message.getScore())))
                : OptionalDouble.empty();
    }

    /**
     * Whether the score reaches the threshold in force, for independent probabilities.
     *
     * @return true if it does
     */
    public boolean isPositive() {
        return message.getPositive();
    }

    @Override
    public String toString() {
        return label() + (message.hasScore() ? " " + message.getScore() : "");
    }
}
