package org.zoobridge.client.training;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;

import org.zoobridge.client.Cancellation;
import org.zoobridge.client.ClassifyCall;
import org.zoobridge.client.Errors;
import org.zoobridge.client.Progress;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.jobs.ImageJob;
import org.zoobridge.client.jobs.ImagePart;
import org.zoobridge.v1.AnnotateRequest;
import org.zoobridge.v1.AnnotateResponse;
import org.zoobridge.v1.ClassFigures;
import org.zoobridge.v1.FitRequest;
import org.zoobridge.v1.FitResponse;
import org.zoobridge.v1.GetTrainingReportRequest;
import org.zoobridge.v1.ItemLabel;
import org.zoobridge.v1.OpenProjectRequest;
import org.zoobridge.v1.PublishRequest;
import org.zoobridge.v1.PublishResponse;
import org.zoobridge.v1.PublishedModel;
import org.zoobridge.v1.Region;
import org.zoobridge.v1.TrainingFigures;
import org.zoobridge.v1.TrainingProgress;
import org.zoobridge.v1.TrainingServiceGrpc;

/** A training project that the server keeps: annotate places in images, fit, publish. For one thread. */
public final class TrainingProject {

    private final ZooBridge zoo;
    private final String name;

    /**
     * Opens a project, and creates it if there is none of that name.
     *
     * @param zoo  the server
     * @param name name of the project and of its model
     * @throws ZooBridgeException if the server does not let this user train
     */
    public TrainingProject(final ZooBridge zoo, final String name) {
        this.zoo = zoo;
        this.name = name;
        asking(stub -> stub.openProject(OpenProjectRequest.newBuilder().setName(name).build()));
    }

    /**
     * Adds places of an image with their classes. Returns once the server has them on disk.
     *
     * @param job  regions that have names; the tag of each is a {@link Label}
     * @param stop ends it from another thread
     * @throws ZooBridgeException if one of them cannot be taken
     */
    public void annotate(final ImageJob job, final Cancellation stop) {
        final List<Object> labels = job.tags();
        final Annotating stream = new Annotating();
        final Runnable cancel = () -> stream.answers.add(() -> {
            throw ZooBridgeException.cancelled(null);
        });
        stop.onCancel(cancel);
        boolean whole = false;
        try {
            stream.requests = TrainingServiceGrpc.newStub(zoo.channel()).withInterceptors(zoo.authorizing())
                    .annotate(stream);
            int next = 0;
            for (final ImagePart part : job.parts(zoo.limits())) {
                final Map<String, AnnotateRequest.Builder> groups = new LinkedHashMap<>();
                for (final Region region : part.regions()) {
                    final Label label = (Label) labels.get(next++);
                    groups.computeIfAbsent(label.group, group -> request(part, group))
                            .addItems(ItemLabel.newBuilder().setRegion(region).setLabel(label.name));
                }
                for (final AnnotateRequest.Builder request : groups.values()) {
                    stream.requests.onNext(request.build());
                    stream.answers.take().run();
                }
            }
            stream.requests.onCompleted();
            stream.answers.take().run();
            whole = true;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw ZooBridgeException.cancelled(interrupted);
        } finally {
            stop.forget(cancel);
            if (!whole && stream.requests != null) {
                stream.requests.onError(new CancellationException("the caller stopped"));
            }
        }
    }

    private AnnotateRequest.Builder request(final ImagePart part, final String group) {
        return AnnotateRequest.newBuilder().setId(group).setProject(name).setImage(part.picture().message())
                .setGroup(group).setAnnotator(System.getProperty("user.name", ""));
    }

    /**
     * Fits a model to the annotations and measures it.
     *
     * @param progress called with the steps that are done
     * @param stop     ends it from another thread
     * @return the figures
     * @throws ZooBridgeException if there is too little to fit
     */
    public TrainingFigures fit(final Progress progress, final Cancellation stop) {
        final FitRequest request = FitRequest.newBuilder().setProject(name).build();
        return last(stub -> stub.fit(request), FitResponse::getProgress, progress, stop).getFigures();
    }

    /**
     * Writes the model of the last fit into the zoo, where it is served at once.
     *
     * @param progress called with the steps that are done
     * @param stop     ends it from another thread
     * @return the model
     */
    public PublishedModel publish(final Progress progress, final Cancellation stop) {
        final PublishRequest request = PublishRequest.newBuilder().setProject(name).build();
        return last(stub -> stub.publish(request), PublishResponse::getProgress, progress, stop).getPublished();
    }

    /**
     * The report of the last fit.
     *
     * @return a page that needs nothing else
     */
    public String report() {
        return asking(stub -> stub.getTrainingReport(GetTrainingReportRequest.newBuilder().setProject(name).build()))
                .getHtml();
    }

    /**
     * What a fit came to.
     *
     * @param figures the figures
     * @return balanced accuracy with its interval, in a sentence
     */
    public static String headline(final TrainingFigures figures) {
        int items = 0;
        for (final ClassFigures one : figures.getClassesList()) {
            items += one.getItems();
        }
        return String.format(Locale.ROOT, "Balanced accuracy %.2f (95 %% interval %.2f to %.2f) on %d labelled items; "
                + "chance is %.2f.", figures.getBalancedAccuracy(), figures.getLow(), figures.getHigh(), items,
                figures.getChance());
    }

    private TrainingServiceGrpc.TrainingServiceBlockingStub stub() {
        return TrainingServiceGrpc.newBlockingStub(zoo.channel()).withInterceptors(zoo.authorizing())
                .withMaxInboundMessageSize(Integer.MAX_VALUE);
    }

    private <T> T asking(final Function<TrainingServiceGrpc.TrainingServiceBlockingStub, T> question) {
        try {
            return question.apply(stub());
        } catch (StatusRuntimeException failure) {
            throw Errors.of(failure, zoo.endpoint());
        }
    }

    private <R> R last(final Function<TrainingServiceGrpc.TrainingServiceBlockingStub, Iterator<R>> call,
            final Function<R, TrainingProgress> progress, final Progress told, final Cancellation stop) {
        final Context.CancellableContext context = Context.current().withCancellation();
        final Runnable cancel = () -> context.cancel(null);
        stop.onCancel(cancel);
        final Context before = context.attach();
        try {
            final Iterator<R> events = call.apply(stub());
            R event = null;
            while (events.hasNext()) {
                event = events.next();
                final TrainingProgress now = progress.apply(event);
                if (now.getTotal() > 0) {
                    told.advanced(now.getDone(), now.getTotal());
                }
            }
            return event;
        } catch (StatusRuntimeException failure) {
            throw Errors.of(failure, zoo.endpoint());
        } finally {
            context.detach(before);
            stop.forget(cancel);
            context.cancel(null);
        }
    }

    /** The class of a place. */
    public static final class Label {

        private final String name;
        private final String group;

        /**
         * Gives a class to a place.
         *
         * @param name  the class
         * @param group the same for all places that are never divided between fitting and testing
         */
        public Label(final String name, final String group) {
            this.name = name;
            this.group = group;
        }
    }

    /** Hands each answer over to the thread that annotates, as something to run. */
    private final class Annotating implements StreamObserver<AnnotateResponse> {

        private final BlockingQueue<Runnable> answers = new LinkedBlockingQueue<>();
        private StreamObserver<AnnotateRequest> requests;

        @Override
        public void onNext(final AnnotateResponse response) {
            answers.add(() -> {
                if (response.hasError()) {
                    throw Errors.of(response.getError());
                }
            });
        }

        @Override
        public void onError(final Throwable failure) {
            answers.add(() -> {
                throw Errors.of(failure instanceof StatusRuntimeException ? (StatusRuntimeException) failure
                        : Status.fromThrowable(failure).asRuntimeException(), zoo.endpoint());
            });
        }

        @Override
        public void onCompleted() {
            answers.add(() -> { });
        }
    }
}
