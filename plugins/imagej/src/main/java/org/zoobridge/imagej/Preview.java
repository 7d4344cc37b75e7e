package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.gui.Roi;

import java.awt.Color;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import org.zoobridge.client.ItemAnswer;
import org.zoobridge.client.Score;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.jobs.ImageJob;


/** Draws what would be classified, and classifies the first of it. */
public final class Preview {

    /** The place of preview outlines, as {@link Drawings#PLACE} has it. */
    private static final String PLACE = "preview";
    /** More outlines only hide the image. */
    private static final int MOST = 5000;

    private final ImagePlus image;
    private volatile boolean shown;

    /**
     * Previews runs over an image.
     *
     * @param image an open image
     */
    public Preview(final ImagePlus image) {
        this.image = image;
    }

    /**
     * Draws and classifies.
     *
     * @param choices what to do
     * @return how many items there are, and the answer for the first
     */
    public String show(final Choices choices) {
        final ImageJob job = new Places(image).job(choices);
        final List<Object> tags = job.tags();
        final List<Roi> outlines = new ArrayList<>();
        for (final Object tag : tags.subList(0, Math.min(MOST, tags.size()))) {
            if (tag != null) {
                final Roi outline = Place.copy(((Place) tag).roi());
                outline.setStrokeColor(outlines.isEmpty() ? Color.yellow : Color.cyan);
                outline.setFillColor(null);
                outline.setProperty(Places.OWN, PLACE);
                outline.setProperty(Drawings.PLACE, PLACE);
                outlines.add(outline);
            }
        }
        shown = true;
        Drawings.replace(image, roi -> PLACE.equals(roi.getProperty(Drawings.PLACE)), outlines);
        final ZooBridge zoo = Connection.current();
        final ItemAnswer first = job.first().read(zoo.limits()).with(zoo, choices.model(), choices::apply)
                .classify((done, total) -> { }).items().get(0);
        final String many = tags.size() == 1 ? "" : "1 of " + tags.size() + " — ";
        if (first.failed()) {
            return many + first.error().getMessage();
        }
        final List<String> scores = new ArrayList<>();
        for (final Score score : first.top()) {
            scores.add(score.score().isPresent()
                    ? String.format(Locale.ROOT, "%s %.3f", score.label(), score.score().getAsDouble())
                    : score.label());
        }
        final String conversions = String.join("; ", first.conversions());
        return many + String.join(", ", scores) + (conversions.isEmpty() ? "" : ". Before that: " + conversions);
    }

    /** Takes the outlines away. */
    public void clear() {
        if (shown) {
            shown = false;
            Drawings.remove(image, roi -> PLACE.equals(roi.getProperty(Drawings.PLACE)));
        }
    }
}
