package org.zoobridge.client.results;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.zoobridge.client.Answer;
import org.zoobridge.client.ItemAnswer;
import org.zoobridge.client.OwnWords;
import org.zoobridge.v1.Conversion;

/**
 * What a person must see of a run without asking: what the server had to assume, and that pictures are unlike those
 * that the model was trained on.
 */
public final class Warnings {

    /** Pictures named of each kind of notice; the table holds them all. */
    private static final int MOST = 5;

    private Warnings() {
    }

    /**
     * The warnings of a run.
     *
     * @param answers the answers of one model
     * @return sentences: one for each picture and thing assumed, and one about unlike items; empty if there is nothing
     *         to warn of
     */
    public static List<String> of(final Collection<Answer> answers) {
        final List<String> sentences = new ArrayList<>();
        final List<String> assumed = assumptions(answers);
        sentences.addAll(assumed.subList(0, Math.min(MOST, assumed.size())));
        if (assumed.size() > MOST) {
            final int more = assumed.size() - MOST;
            sentences.add("Check " + more + (more == 1 ? " more picture" : " more pictures") + "; the column \""
                    + ResultTable.CONVERSIONS + "\" says what was assumed for them.");
        }
        int items = 0;
        int unlike = 0;
        String model = "";
        for (final Answer answer : answers) {
            for (final ItemAnswer item : answer.items()) {
                items++;
                unlike += item.isUnlike() ? 1 : 0;
            }
            model = answer.model().getId();
        }
        if (unlike > 0) {
            sentences.add("Warning: " + unlike + " of " + items + (items == 1 ? " item is" : " items are")
                    + " unlike the pictures that " + model + " was trained on. Do not rely on their classes; the column "
                    + "\"" + ResultTable.NOVELTY + "\" says how unlike they are.");
        }
        return sentences;
    }

    /** One of each picture and field: its planes and regions are treated alike. */
    private static List<String> assumptions(final Collection<Answer> answers) {
        final Map<List<String>, String> found = new LinkedHashMap<>();
        for (final Answer answer : answers) {
            for (final ItemAnswer item : answer.items()) {
                for (final Conversion one : item.assumptions()) {
                    final List<String> key = new ArrayList<>();
                    key.add(item.image());
                    key.add(one.getNoticeField());
                    final String field = OwnWords.field(one.getNoticeField());
                    found.putIfAbsent(key, "Check " + item.image() + ": " + one.getNotice()
                            + (field.isEmpty() ? "" : "; change that with " + field) + ".");
                }
            }
        }
        return new ArrayList<>(found.values());
    }
}
