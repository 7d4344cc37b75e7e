package org.zoobridge.client.jobs;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

import org.zoobridge.client.Answer;
import org.zoobridge.client.ClassifyCall;
import org.zoobridge.client.Progress;
import org.zoobridge.client.errors.ZooBridgeException;


/** One model's run over the items of an {@link ImageJob}. What was answered before it ended, however it ended, is kept. */
public final class ImageRun {

    /** Up to so many items, nobody misses the progress and the partial answers that only a stream has. */
    private static final int FEW_ITEMS = 8;

    private final List<ImagePart> parts;
    private final Function<ImagePart, ClassifyCall> callFor;
    private final List<Answer> answered = new ArrayList<>();

    ImageRun(final List<ImagePart> parts, final Function<ImagePart, ClassifyCall> callFor) {
        this.parts = parts;
        this.callFor = callFor;
    }

    /**
     * Classifies every item and waits.
     *
     * @param told told of the items that are done
     * @return the items in the order of {@link ImageJob#tags()}
     * @throws ZooBridgeException if the run ended early; {@link #answer} holds what was answered, and the error how
     *                            many items that are
     */
    public Answer classify(final Progress told) {
        int all = 0;
        for (final ImagePart part : parts) {
            all += part.size();
        }
        try {
            int before = 0;
            for (final ImagePart part : parts) {
                classify(part, before, all, told);
                before += part.size();
                told.advanced(before, all);
            }
        } catch (ZooBridgeException error) {
            error.endedAfter(answer().items().size(), all);
            throw error;
        }
        return answer();
    }

    private void classify(final ImagePart part, final int before, final int all, final Progress told) {
        final ClassifyCall call = callFor.apply(part).progress((count, total) -> told.advanced(before + count, all))
                .parts(answer -> answered.add(answer.moved(before, part.planes())));
        if (part.size() > FEW_ITEMS) {
            call.stream();
        } else {
            answered.add(call.run().moved(before, part.planes()));
        }
    }

    /**
     * What is answered so far.
     *
     * @return items by their index among {@link ImageJob#tags()}; none before the first is answered
     */
    public Answer answer() {
        return Answer.join(answered);
    }
}
