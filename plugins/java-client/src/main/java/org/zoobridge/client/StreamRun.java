package org.zoobridge.client;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.pixels.Picture;
import org.zoobridge.client.pixels.PictureSource;
import org.zoobridge.v1.ClassifyRequest;
import org.zoobridge.v1.ClassifyStreamRequest;
import org.zoobridge.v1.ClassifyStreamResponse;
import org.zoobridge.v1.ClientHints;
import org.zoobridge.v1.ErrorReason;

/**
 * Many pictures through a stream, driven by the thread that calls it: it sends while the server takes more, and hands out
 * answers as they come. gRPC's threads only put events into a queue. A stream that the server ended because it was idle
 * is opened again once there is something to send.
 */
final class StreamRun {

    /** Pictures under way at a time, where the server gives no hint. */
    private static final int WINDOW_MESSAGES = 8;

    private final ZooBridge zoo;
    private final Cancellation cancellation;
    private final int idleSeconds;
    private final BlockingQueue<Runnable> events = new LinkedBlockingQueue<>();
    private final Map<String, Sent> open = new HashMap<>();
    /** What was sent since the server answered anything. */
    private final List<ClassifyStreamRequest> unheard = new ArrayList<>();

    private Progress items = (done, total) -> { };
    private Consumer<Answer> parts = part -> { };
    private Progress pictures = (done, total) -> { };
    private ClientCallStreamObserver<ClassifyStreamRequest> requests;
    private BatchListener listener;
    private int count;
    private int finished;
    private int itemsDone;
    private long openBytes;
    private boolean completed;
    /** Whether no stream is open, since the server needed the place of an idle one. */
    private boolean idle;
    /** How long to wait before another is opened, as the server has asked. */
    private long pauseMillis;
    /** Whether the stream that is open takes nothing more. */
    private boolean closed;

    StreamRun(final ZooBridge zoo, final Cancellation cancellation, final int idleSeconds) {
        this.zoo = zoo;
        this.cancellation = cancellation;
        this.idleSeconds = idleSeconds;
    }

    void onItems(final Progress progress, final Consumer<Answer> each) {
        items = progress;
        parts = each;
    }

    void onPictures(final Progress progress) {
        pictures = progress;
    }

    void run(final Collection<? extends PictureSource> sources, final Function<Picture, ClassifyRequest> requestFor,
            final BatchListener told) {
        listener = told;
        count = sources.size();
        zoo.streaming().classifyStream(new Events());
        final Runnable stop = () -> events.add(() -> {
            throw ZooBridgeException.cancelled(null);
        });
        cancellation.onCancel(stop);
        boolean whole = false;
        try {
            drive(sources.iterator(), requestFor);
            whole = true;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw ZooBridgeException.cancelled(interrupted);
        } finally {
            cancellation.forget(stop);
            if (!whole) {
                requests.cancel("the caller stopped", null);
            }
        }
    }

    private void drive(final Iterator<? extends PictureSource> sources,
            final Function<Picture, ClassifyRequest> requestFor) throws InterruptedException {
        int next = 0;
        while (!completed) {
            if (idle && !unheard.isEmpty()) {
                reopen();
            }
            if (sources.hasNext() && hasRoom() && (idle || requests.isReady()) && events.isEmpty()) {
                next = send(next, sources, requestFor);
                continue;
            }
            if (idle && !sources.hasNext()) {
                break;
            }
            if (!sources.hasNext() && !closed) {
                requests.onCompleted();
                closed = true;
            }
            final Runnable event = events.poll(idleSeconds, TimeUnit.SECONDS);
            if (event == null) {
                throw ZooBridgeException.of(ErrorReason.ERROR_REASON_DEADLINE,
                        "The server at " + zoo.endpoint().address() + " sent nothing for "
                        + idleSeconds + " seconds. Try again, or allow it more time.");
            }
            event.run();
        }
        if (!open.isEmpty()) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INTERNAL,
                    "The server at " + zoo.endpoint().address() + " ended the stream with "
                    + open.size() + " pictures unanswered; please report it.");
        }
    }

    /** Whether another picture may be sent ahead of the answers, as the server hints. */
    private boolean hasRoom() {
        final ClientHints hints = zoo.hints();
        final int messages = hints.getWindowMessages() == 0 ? WINDOW_MESSAGES : hints.getWindowMessages();
        return open.isEmpty() || open.size() < messages
                && (hints.getWindowBytes() == 0 || openBytes < hints.getWindowBytes());
    }

    /** Sends a picture, and in the same message as many small ones after it as the server hints. */
    private int send(final int first, final Iterator<? extends PictureSource> sources,
            final Function<Picture, ClassifyRequest> requestFor) {
        final ClientHints hints = zoo.hints();
        ClassifyStreamRequest.Builder message = null;
        long bytes = 0;
        int next = first;
        do {
            final ClassifyStreamRequest one = prepared(next++, sources.next(), requestFor);
            if (one == null) {
                continue;
            }
            final long size = one.getSerializedSize();
            if (message != null && bytes + size > hints.getPackedBytes()) {
                transmit(message.build());
                message = null;
                bytes = 0;
            }
            message = message == null ? one.toBuilder() : message.addJoined(one);
            bytes += size;
        } while (sources.hasNext() && hasRoom() && (message == null || bytes < hints.getPackedBytes()
                && message.getJoinedCount() + 1 < hints.getJoinedRequests()));
        if (message != null) {
            transmit(message.build());
        }
        return next;
    }

    private void transmit(final ClassifyStreamRequest message) {
        unheard.add(message);
        if (!idle) {
            requests.onNext(message);
        }
    }

    private void reopen() throws InterruptedException {
        Thread.sleep(pauseMillis);
        idle = false;
        closed = false;
        zoo.streaming().classifyStream(new Events());
        unheard.forEach(requests::onNext);
    }

    /** Acts on the end of a stream: an idle one was ended after all that the server had read of it was answered. */
    private void ended(final ZooBridgeException error) {
        final int unread = unheard.stream().mapToInt(message -> 1 + message.getJoinedCount()).sum();
        if (!"idle".equals(error.metadata().get("stream")) || open.size() != unread) {
            throw error;
        }
        idle = true;
        pauseMillis = Math.round(1000 * error.retryAfterSeconds().orElse(0));
    }

    /** A picture's request, noted as under way; null if it cannot be sent. */
    private ClassifyStreamRequest prepared(final int index, final PictureSource source,
            final Function<Picture, ClassifyRequest> requestFor) {
        final ClassifyRequest request;
        try {
            request = requestFor.apply(source.load());
        } catch (ZooBridgeException error) {
            fail(index, source.name(), error);
            return null;
        }
        final String id = String.valueOf(index);
        final Sent sent = new Sent(index, source.name(), request.getSerializedSize());
        open.put(id, sent);
        openBytes += sent.bytes;
        return ClassifyStreamRequest.newBuilder().setId(id).setRequest(request).build();
    }

    private void receive(final ClassifyStreamResponse response) {
        final Sent sent = open.get(response.getId());
        if (sent == null) {
            return;
        }
        if (response.hasError()) {
            close(response.getId());
            fail(sent.index, sent.name, Errors.of(response.getError()));
            return;
        }
        if (response.hasResponse()) {
            final Answer part = Answer.of(sent.name, response.getResponse());
            sent.parts.add(part);
            parts.accept(part);
            itemsDone += part.items().size();
            items.advanced(itemsDone, response.getTotal());
        }
        if (response.getLast()) {
            close(response.getId());
            if (!sent.parts.isEmpty()) {
                listener.answered(sent.index, Answer.join(sent.parts));
            }
            pictures.advanced(++finished, count);
        }
    }

    private void close(final String id) {
        openBytes -= open.remove(id).bytes;
    }

    private void fail(final int index, final String name, final ZooBridgeException error) {
        listener.failed(index, name, error);
        pictures.advanced(++finished, count);
    }

    /** A picture whose answer is not complete. */
    private static final class Sent {

        private final int index;
        private final String name;
        private final long bytes;
        private final List<Answer> parts = new ArrayList<>();

        Sent(final int index, final String name, final long bytes) {
            this.index = index;
            this.name = name;
            this.bytes = bytes;
        }
    }

    /** Puts what gRPC says into the queue. */
    private final class Events implements ClientResponseObserver<ClassifyStreamRequest, ClassifyStreamResponse> {

        @Override
        public void beforeStart(final ClientCallStreamObserver<ClassifyStreamRequest> stream) {
            requests = stream;
            stream.setOnReadyHandler(() -> events.add(() -> { }));
        }

        @Override
        public void onNext(final ClassifyStreamResponse response) {
            events.add(() -> {
                unheard.clear();
                receive(response);
                response.getJoinedList().forEach(StreamRun.this::receive);
            });
        }

        @Override
        public void onError(final Throwable failure) {
            events.add(() -> ended(Errors.of(failure instanceof StatusRuntimeException
                    ? (StatusRuntimeException) failure : Status.fromThrowable(failure).asRuntimeException(),
                    zoo.endpoint())));
        }

        @Override
        public void onCompleted() {
            events.add(() -> completed = true);
        }
    }
}
