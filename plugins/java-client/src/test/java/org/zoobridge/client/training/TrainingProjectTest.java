package org.zoobridge.client.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.zoobridge.client.Cancellation;
import org.zoobridge.client.Failing;
import org.zoobridge.client.FakeStack;
import org.zoobridge.client.WithFakeZoo;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.jobs.ImageJob;
import org.zoobridge.client.pixels.Regions;
import org.zoobridge.v1.AnnotateRequest;
import org.zoobridge.v1.ErrorReason;

@Timeout(60)
class TrainingProjectTest extends WithFakeZoo {

    private static ImageJob job(final String... labels) {
        final ImageJob job = new ImageJob(new FakeStack(4));
        for (int i = 0; i < labels.length; i++) {
            final Map<String, Integer> plane = Collections.singletonMap("Z", i % 2);
            job.region(plane, Regions.box("r" + i, i, 0, 1, 1), new TrainingProject.Label(labels[i],
                    KeepTogether.PLANES.group("stack", plane, i)));
        }
        return job;
    }

    @Test
    void regionsGoWithTheirClassesGroupByGroup() {
        new TrainingProject(zoo, "cells").annotate(job("a", "b", "c"), new Cancellation());
        final List<String> sent = new ArrayList<>();
        for (final AnnotateRequest request : server.training.annotated) {
            request.getItemsList().forEach(item -> sent.add(request.getProject() + "/" + request.getGroup() + "/"
                    + item.getRegion().getId() + "=" + item.getLabel()));
        }
        assertEquals(Arrays.asList("cells/stack Z=0/r0=a", "cells/stack Z=0/r2=c", "cells/stack Z=1/r1=b"), sent);
    }

    @Test
    void anAnnotationThatIsNotTakenEndsTheStreamWithItsSentence() throws InterruptedException {
        final TrainingProject project = new TrainingProject(zoo, "cells");
        assertEquals("bad is not a class", assertThrows(ZooBridgeException.class,
                () -> project.annotate(job("a", "bad"), new Cancellation())).getMessage());
        assertTrue(server.training.cancelled.await(20, TimeUnit.SECONDS));
    }

    @Test
    void aFitIsPutIntoASentence() {
        final List<String> steps = new ArrayList<>();
        assertEquals("Balanced accuracy 0.90 (95 % interval 0.80 to 0.95) on 7 labelled items; chance is 0.50.",
                TrainingProject.headline(new TrainingProject(zoo, "cells").fit((done, all) -> steps.add(done + "/" + all),
                        new Cancellation())));
        assertEquals(Collections.singletonList("1/4"), steps);
        assertEquals("my-cells", new TrainingProject(zoo, "cells").publish((done, all) -> { }, new Cancellation()).getId());
    }

    @Test
    void cancellingAFitReachesTheServer() throws InterruptedException {
        final Cancellation stop = new Cancellation();
        final TrainingProject project = new TrainingProject(zoo, "wait");
        new Thread(() -> {
            try {
                server.training.fitting.await();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
            stop.cancel();
        }).start();
        Failing.with(ErrorReason.ERROR_REASON_CANCELLED, () -> project.fit((done, all) -> { }, stop));
        assertTrue(server.training.cancelled.await(20, TimeUnit.SECONDS));
    }
}
