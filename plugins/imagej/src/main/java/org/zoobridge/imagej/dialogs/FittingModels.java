package org.zoobridge.imagej.dialogs;

import ij.ImagePlus;

import java.awt.Dimension;
import java.awt.EventQueue;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.imagej.Choices;
import org.zoobridge.imagej.Failure;
import org.zoobridge.v1.CheckImageRequest;

/**
 * Offers models for an image in the list of a dialog. The server says which of them fit; it is asked away from the
 * event thread, once for each question.
 */
final class FittingModels {

    private final ModelOffer offer;
    private final ModelList list;
    private final ImagePlus image;
    private final TargetFields target;
    private final Runnable changed;
    private final Map<CheckImageRequest, Map<String, String>> answers = new ConcurrentHashMap<>();
    private final Map<CheckImageRequest, String> failures = new ConcurrentHashMap<>();
    private CheckImageRequest asked;
    private String offeredFor = "";
    private boolean answeredOnce;

    /**
     * Fills a list.
     *
     * @param offer   the models
     * @param list    the list
     * @param image   the image
     * @param target  the fields that say what of it is classified
     * @param changed called on the event thread once the server has answered
     */
    FittingModels(final ModelOffer offer, final ModelList list, final ImagePlus image, final TargetFields target,
            final Runnable changed) {
        this.offer = offer;
        this.list = list;
        this.image = image;
        this.target = target;
        this.changed = changed;
    }

    /**
     * Offers the models for the choices as they are.
     *
     * @param choices    the choices
     * @param remembered references to select at first
     * @return what is not known yet, or why; empty if the list is right
     */
    String update(final Choices choices, final List<String> remembered) {
        final Dimension item = target.itemSize(choices);
        if (target.problem(choices).isEmpty()) {
            ask(offer.question(image, choices, item));
        }
        final Map<String, String> refusals = asked == null ? null : answers.get(asked);
        final String state = choices.frameworkName() + "/" + asked;
        if (refusals != null && !state.equals(offeredFor) || offeredFor.isEmpty()) {
            list.offer(offer.entries(choices.frameworkName(), refusals == null ? Collections.emptyMap() : refusals,
                    target.channels(choices), item), answeredOnce ? list.references() : remembered);
            answeredOnce = refusals != null;
            offeredFor = answeredOnce ? state : "none is known to fit";
        }
        return refusals != null ? "" : asked == null ? ""
                : failures.getOrDefault(asked, "Asking the server which models fit…");
    }

    private void ask(final CheckImageRequest question) {
        if (question.equals(asked)) {
            return;
        }
        asked = question;
        if (answers.containsKey(question)) {
            return;
        }
        new Thread(() -> {
            try {
                answers.put(question, offer.refusals(question));
            } catch (ZooBridgeException error) {
                failures.put(question, Failure.sentence(error));
            }
            EventQueue.invokeLater(changed);
        }, "ZooBridge check").start();
    }
}
