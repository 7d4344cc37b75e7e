package org.zoobridge.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.pixels.Picture;
import org.zoobridge.client.pixels.PictureSource;
import org.zoobridge.client.pixels.Regions;
import org.zoobridge.v1.CheckImageRequest;
import org.zoobridge.v1.DataType;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Model;

@Timeout(60)
class ZooBridgeTest extends WithFakeZoo {

    private static Picture picture(final String name) {
        return Picture.pixels(name, DataType.DATA_TYPE_UINT8, "YX", 2, 2).put(new byte[4]).picture();
    }

    @Test
    void aPictureIsAnsweredWithItsItems() {
        final Answer answer = zoo.classify("digits").picture(picture("a.png")).run();
        assertEquals("a.png", answer.items().get(0).top().get(0).label());
        assertEquals(0.1, answer.items().get(0).top().get(0).score().getAsDouble());
        assertFalse(answer.items().get(0).failed());
    }

    @Test
    void theTokenGoesWithEveryCall() {
        assertEquals("digits", zoo.models().get(1).getId());
        assertEquals("Bearer secret", server.authorization);
    }

    @Test
    void aTypedErrorCarriesTheServersSentence() {
        final ZooBridgeException error = assertThrows(ZooBridgeException.class,
                () -> zoo.classify("digitz").picture(picture("a")).run());
        assertEquals("no model \"digitz\"; did you mean digits?", error.getMessage());
        assertEquals("UNKNOWN_MODEL", error.reasonName());
        assertEquals("model", error.field());
        assertEquals(Collections.singletonMap("model", "digitz"), error.metadata());
        assertEquals(2.0, error.retryAfterSeconds().getAsDouble());
    }

    @Test
    void aStreamReportsItemByItemAndAnswersInOrder() {
        final List<String> told = new ArrayList<>();
        final Answer answer = zoo.classify("digits").picture(picture("a")).region(Regions.box("r", 0, 0, 1, 1))
                .regions(Arrays.asList(Regions.box("s", 0, 0, 1, 1), Regions.box("t", 1, 1, 1, 1)))
                .progress((done, total) -> told.add(done + "/" + total)).stream();
        assertEquals(Arrays.asList("1/3", "2/3", "3/3"), told);
        assertEquals(Arrays.asList(0, 1, 2), Arrays.asList(answer.items().get(0).index(),
                answer.items().get(1).index(), answer.items().get(2).index()));
    }

    @Test
    void aStreamedPictureThatFailsThrowsItsError() {
        Failing.with(ErrorReason.ERROR_REASON_UNKNOWN_MODEL, () -> zoo.classify("no").picture(picture("a")).stream());
    }

    @Test
    void oneBadPictureAmongManyDoesNotStopTheOthers() {
        final List<PictureSource> pictures = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            pictures.add(i == 7 ? PictureSource.file(Paths.get("no such file.png"))
                    : PictureSource.of(picture(i == 20 ? "bad" : "p" + i)));
        }
        final TreeSet<Integer> answered = new TreeSet<>();
        final TreeMap<Integer, ZooBridgeException> failed = new TreeMap<>();
        final List<Integer> progress = new ArrayList<>();
        zoo.classify("digits").progress((done, total) -> progress.add(done)).runAll(pictures, new BatchListener() {
            @Override
            public void answered(final int index, final Answer answer) {
                assertEquals("p" + index, answer.items().get(0).image());
                answered.add(index);
            }

            @Override
            public void failed(final int index, final String name, final ZooBridgeException error) {
                failed.put(index, error);
            }
        });
        assertEquals(38, answered.size());
        assertEquals(new TreeSet<>(Arrays.asList(7, 20)), new TreeSet<>(failed.keySet()));
        assertEquals(ErrorReason.ERROR_REASON_IMAGE_FORMAT, failed.get(7).reason());
        assertEquals(40, (int) progress.get(39));
        assertTrue(Collections.max(server.messages) > 1);
        assertTrue(Collections.max(server.messages) <= FakeZoo.JOINED);
    }

    private PictureSource idleUntil(final Supplier<Picture> loaded) {
        return new PictureSource() {
            @Override
            public String name() {
                return "late";
            }

            @Override
            public Picture load() {
                server.endIdleStream();
                return loaded.get();
            }
        };
    }

    @Test
    void aStreamThatGaveItsPlaceIsOpenedAgainForThePictureThatWasLongInComing() {
        final List<PictureSource> pictures = Arrays.asList(idleUntil(() -> picture("late")),
                PictureSource.of(picture("next")));
        final List<String> answered = new ArrayList<>();
        zoo.classify("digits").runAll(pictures, new BatchListener() {
            @Override
            public void answered(final int index, final Answer answer) {
                answered.add(index + " " + answer.items().get(0).image());
            }

            @Override
            public void failed(final int index, final String name, final ZooBridgeException error) {
                throw error;
            }
        });
        assertEquals(Arrays.asList("0 late", "1 next"), answered);
    }

    @Test
    void aStreamThatGaveItsPlaceMayHaveNothingToSend() {
        final List<String> failed = new ArrayList<>();
        zoo.classify("digits").runAll(Collections.singletonList(idleUntil(() -> {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_IMAGE_FORMAT, "no picture");
        })), new BatchListener() {
            @Override
            public void answered(final int index, final Answer answer) {
                throw new AssertionError(answer);
            }

            @Override
            public void failed(final int index, final String name, final ZooBridgeException error) {
                failed.add(name);
            }
        });
        assertEquals(Collections.singletonList("late"), failed);
    }

    @Test
    void cancellingAUnaryCallReachesTheServer() throws InterruptedException {
        final Cancellation stop = new Cancellation();
        cancelOnceStarted(stop);
        assertThrows(ZooBridgeException.class,
                () -> zoo.classify("wait").picture(picture("a")).cancellation(stop).run());
        assertTrue(server.cancelled.await(20, TimeUnit.SECONDS));
    }

    @Test
    void cancellingAStreamReachesTheServer() throws InterruptedException {
        final Cancellation stop = new Cancellation();
        cancelOnceStarted(stop);
        assertThrows(ZooBridgeException.class,
                () -> zoo.classify("wait").picture(picture("a")).cancellation(stop).stream());
        assertTrue(server.cancelled.await(20, TimeUnit.SECONDS));
    }

    private void cancelOnceStarted(final Cancellation stop) {
        new Thread(() -> {
            try {
                server.started.await();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
            stop.cancel();
        }).start();
    }

    @Test
    void whatIsCancelledAlreadyIsNotStarted() {
        final Cancellation stop = new Cancellation();
        stop.cancel();
        assertThrows(ZooBridgeException.class,
                () -> zoo.classify("wait").picture(picture("a")).cancellation(stop).run());
        assertThrows(ZooBridgeException.class,
                () -> zoo.classify("wait").picture(picture("a")).cancellation(stop).stream());
    }

    @Test
    void noAnswerInTimeIsAnErrorThatSaysSo() {
        assertThrows(ZooBridgeException.class,
                () -> zoo.classify("wait").picture(picture("a")).deadlineSeconds(1).run());
        assertThrows(ZooBridgeException.class,
                () -> zoo.classify("wait").picture(picture("a")).deadlineSeconds(1).stream());
    }

    @Test
    void whatTheServerWouldRefuseForItsSizeIsNotSent() {
        final Picture large = Picture.encoded("large.png", new byte[FakeZoo.MESSAGE_LIMIT + 1]);
        final ZooBridgeException error =
                Failing.with(ErrorReason.ERROR_REASON_LIMIT, () -> zoo.classify("digits").picture(large).run());
        assertTrue(error.getMessage().contains("1 MiB"), error.getMessage());
    }

    @Test
    void aServerThatIsGoneIsNamed() {
        server.close();
        final ZooBridgeException error = Failing.with(ErrorReason.ERROR_REASON_SERVER_UNAVAILABLE, zoo::models);
        assertTrue(error.getMessage().contains(zoo.endpoint().address()), error.getMessage());
        assertTrue(error.getMessage().contains("zoobridge serve"), error.getMessage());
    }

    @Test
    void aCertificateThatCannotBeReadIsNamed() {
        final ZooBridgeException error = assertThrows(ZooBridgeException.class,
                () -> ZooBridge.connect(server.endpoint().withTls(Paths.get("no such file.pem"))));
        assertTrue(error.getMessage().contains("no such file.pem"), error.getMessage());
    }

    private Map<String, String> refusals(final String... models) {
        final List<Model> listed = new ArrayList<>();
        for (final String model : models) {
            listed.add(Model.newBuilder().setId(model).build());
        }
        return zoo.refusals(listed, CheckImageRequest.getDefaultInstance());
    }

    @Test
    void aBrokenPackageOrOneThatWentLeavesTheOtherModelsToChooseFrom() {
        assertEquals("{broken=the package of broken is broken, digits=, four=four wants 4 channels, "
                + "gone=no model \"gone\"; did you mean digits?}", refusals("broken", "digits", "four", "gone").toString());
    }

    @Test
    void aServerThatCannotBeAskedIsAnError() {
        assertThrows(ZooBridgeException.class, () -> refusals("digits", "busy"));
    }
}
