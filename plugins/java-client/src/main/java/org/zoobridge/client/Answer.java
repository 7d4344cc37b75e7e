package org.zoobridge.client;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;

import org.zoobridge.v1.ClassifyResponse;
import org.zoobridge.v1.ItemResult;
import org.zoobridge.v1.ModelIdentity;
import org.zoobridge.v1.ScoreKind;
import org.zoobridge.v1.Timing;

/** What a model says of the items of one request, and everything needed to cite it. */
public final class Answer {

    private final List<ItemAnswer> items;
    private final ModelIdentity model;
    private final ScoreKind scoreKind;
    private final Timing timing;

    private Answer(final List<ItemAnswer> items, final ModelIdentity model, final ScoreKind scoreKind,
            final Timing timing) {
        this.items = Collections.unmodifiableList(items);
        this.model = model;
        this.scoreKind = scoreKind;
        this.timing = timing;
    }

    /**
     * Takes an answer of the contract.
     *
     * @param image    name of the picture
     * @param response what the server answered
     * @return the answer
     */
    public static Answer of(final String image, final ClassifyResponse response) {
        final List<ItemAnswer> items = new ArrayList<>();
        for (final ItemResult item : response.getResultsList()) {
            items.add(new ItemAnswer(image, item));
        }
        return new Answer(items, response.getModel(), response.getScoreKind(), response.getTiming());
    }

    /**
     * Joins the parts of a streamed answer.
     *
     * @param parts in order of the items; none make an answer without items
     * @return the whole
     */
    public static Answer join(final List<Answer> parts) {
        final List<ItemAnswer> items = new ArrayList<>();
        final Timing.Builder timing = Timing.newBuilder();
        for (final Answer part : parts) {
            items.addAll(part.items);
            timing.setQueueSeconds(timing.getQueueSeconds() + part.timing.getQueueSeconds());
            timing.setPreprocessSeconds(timing.getPreprocessSeconds() + part.timing.getPreprocessSeconds());
            timing.setInferenceSeconds(timing.getInferenceSeconds() + part.timing.getInferenceSeconds());
            timing.setPostprocessSeconds(timing.getPostprocessSeconds() + part.timing.getPostprocessSeconds());
        }
        items.sort(Comparator.comparingInt(ItemAnswer::index));
        final Answer last = parts.isEmpty() ? of("", ClassifyResponse.getDefaultInstance())
                : parts.get(parts.size() - 1);
        return new Answer(items, last.model, last.scoreKind, timing.build());
    }

    /**
     * The same answer as a part of a larger one.
     *
     * @param offset index of its first item there
     * @param planes the planes that its positions along {@code P} stand for; one, if it has no such axis
     * @return the part
     */
    public Answer moved(final int offset, final List<Map<String, Integer>> planes) {
        final List<ItemAnswer> moved = new ArrayList<>();
        for (final ItemAnswer item : items) {
            moved.add(item.moved(offset, planes.get(item.plane().getOrDefault("P", 0))));
        }
        return new Answer(moved, model, scoreKind, timing);
    }

    /**
     * The items.
     *
     * @return in order of their index; for a part of a stream, those that are done
     */
    public List<ItemAnswer> items() {
        return items;
    }

    /**
     * What was done to the items before the model saw them, for a log.
     *
     * @param most how many different phrases to name
     * @return phrases with the number of items, the most frequent first; empty where nothing was done
     */
    public String conversions(final int most) {
        final Map<String, Integer> counts = new TreeMap<>();
        for (final ItemAnswer item : items) {
            for (final String phrase : item.details()) {
                counts.merge(phrase, 1, Integer::sum);
            }
        }
        final List<String> phrases = new ArrayList<>(counts.keySet());
        phrases.sort(Comparator.comparing(counts::get).reversed());
        final StringJoiner text = new StringJoiner("; ");
        for (final String phrase : phrases.subList(0, Math.min(most, phrases.size()))) {
            text.add(counts.get(phrase) == items.size() ? phrase : phrase + " (" + counts.get(phrase) + " items)");
        }
        if (phrases.size() > most) {
            text.add("and " + (phrases.size() - most) + " more in the table");
        }
        return text.toString();
    }

    /**
     * Who answered.
     *
     * @return the model's id, version, digest, framework and device
     */
    public ModelIdentity model() {
        return model;
    }

    /**
     * What the scores are.
     *
     * @return the kind
     */
    public ScoreKind scoreKind() {
        return scoreKind;
    }

    /**
     * Where the time went.
     *
     * @return seconds by stage; summed over the parts of a stream
     */
    public Timing timing() {
        return timing;
    }
}
