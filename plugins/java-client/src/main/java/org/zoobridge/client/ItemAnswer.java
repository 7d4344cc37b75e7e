package org.zoobridge.client;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ClassScore;
import org.zoobridge.v1.Conversion;
import org.zoobridge.v1.ConversionKind;
import org.zoobridge.v1.ItemResult;
import org.zoobridge.v1.Novelty;
import org.zoobridge.v1.Plane;
import org.zoobridge.v1.PredictionSet;

/** The answer for one item: one plane, or one region in one plane. */
public final class ItemAnswer {

    private static final Set<ConversionKind> COLOURS = EnumSet.of(ConversionKind.CONVERSION_KIND_GREY_TO_RGB,
            ConversionKind.CONVERSION_KIND_RGB_TO_GREY, ConversionKind.CONVERSION_KIND_ALPHA_DROPPED,
            ConversionKind.CONVERSION_KIND_CHANNELS_SELECTED, ConversionKind.CONVERSION_KIND_INTENSITY_RESCALED);

    private final String image;
    private final ItemResult message;

    ItemAnswer(final String image, final ItemResult message) {
        this.image = image;
        this.message = message;
    }

    ItemAnswer moved(final int offset, final Map<String, Integer> plane) {
        return new ItemAnswer(image, message.toBuilder().setIndex(message.getIndex() + offset)
                .setPlane(Plane.newBuilder().putAllIndexes(plane)).build());
    }

    /**
     * The picture's name as sent.
     *
     * @return the name
     */
    public String image() {
        return image;
    }

    /**
     * Place in the request.
     *
     * @return index from 0: planes in order, within each its regions in order
     */
    public int index() {
        return message.getIndex();
    }

    /**
     * The region's name as sent.
     *
     * @return the name; empty for a whole plane
     */
    public String region() {
        return message.getRegionId();
    }

    /**
     * The plane in which the item lies.
     *
     * @return index (from 0) by axis letter; empty for a picture of one plane
     */
    public SortedMap<String, Integer> plane() {
        return Collections.unmodifiableSortedMap(new TreeMap<>(message.getPlane().getIndexesMap()));
    }

    /**
     * Whether this item could not be answered.
     *
     * @return true if {@link #error()} says why
     */
    public boolean failed() {
        return message.hasError();
    }

    /**
     * What is wrong with this item alone.
     *
     * @return the error; null if it was answered
     */
    public ZooBridgeException error() {
        return message.hasError() ? Errors.of(message.getError()) : null;
    }

    /**
     * The best classes.
     *
     * @return best first; empty if the item failed
     */
    public List<Score> top() {
        final List<Score> scores = new ArrayList<>();
        for (final ClassScore score : message.getPrediction().getTopList()) {
            scores.add(new Score(score));
        }
        return scores;
    }

    /**
     * The scores of all classes, where they were asked for.
     *
     * @return scores in the order of the model's labels; else empty
     */
    public double[] scores() {
        final double[] scores = new double[message.getPrediction().getScoresCount()];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = Double.parseDouble(Float.toString(message.getPrediction().getScores(i)));
        }
        return scores;
    }

    /**
     * What was done to the item before the model saw it.
     *
     * @return phrases, each with what had to be assumed for it; empty where it saw the pixels as sent
     */
    public List<String> conversions() {
        final List<String> phrases = new ArrayList<>();
        for (final Conversion conversion : message.getPrediction().getConversionsList()) {
            phrases.add(conversion.getDetail()
                    + (conversion.getNotice().isEmpty() ? "" : " (check: " + conversion.getNotice() + ")"));
        }
        return phrases;
    }

    /** What was done to the item, without what was assumed for it. */
    List<String> details() {
        final List<String> phrases = new ArrayList<>();
        for (final Conversion conversion : message.getPrediction().getConversionsList()) {
            phrases.add(conversion.getDetail());
        }
        return phrases;
    }

    /**
     * The conversions for which the server had to assume what it cannot know.
     *
     * @return empty if there are none
     */
    public List<Conversion> assumptions() {
        final List<Conversion> found = new ArrayList<>();
        for (final Conversion conversion : message.getPrediction().getConversionsList()) {
            if (!conversion.getNotice().isEmpty()) {
                found.add(conversion);
            }
        }
        return found;
    }

    /**
     * The classes that hold the true one with a stated probability.
     *
     * @return classes and probability; empty where the model's package states no threshold for it
     */
    public Optional<PredictionSet> predictionSet() {
        return message.getPrediction().hasPredictionSet() ? Optional.of(message.getPrediction().getPredictionSet())
                : Optional.empty();
    }

    /**
     * How unlike the model's training pictures the item is.
     *
     * @return distance and threshold; empty where the model's package holds nothing to compare with
     */
    public Optional<Novelty> novelty() {
        return message.getPrediction().hasNovelty() ? Optional.of(message.getPrediction().getNovelty())
                : Optional.empty();
    }

    /**
     * Whether the item is so unlike the model's training pictures that its class is not to be relied on.
     *
     * @return true if its novelty is above the threshold
     */
    public boolean isUnlike() {
        return novelty().filter(novelty -> novelty.getValue() > novelty.getThreshold()).isPresent();
    }

    /**
     * Whether the item's colours or intensities were changed, which matters more than its size.
     *
     * @return true if channels were converted or picked, or intensities mapped
     */
    public boolean isRecoloured() {
        for (final Conversion conversion : message.getPrediction().getConversionsList()) {
            if (COLOURS.contains(conversion.getKind())) {
                return true;
            }
        }
        return false;
    }
}
