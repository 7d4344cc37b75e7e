package org.zoobridge.client;

import com.google.rpc.Status;

import io.grpc.Context;
import io.grpc.stub.StreamObserver;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

import org.zoobridge.v1.AnnotateRequest;
import org.zoobridge.v1.AnnotateResponse;
import org.zoobridge.v1.Annotated;
import org.zoobridge.v1.ClassFigures;
import org.zoobridge.v1.FitRequest;
import org.zoobridge.v1.FitResponse;
import org.zoobridge.v1.OpenProjectRequest;
import org.zoobridge.v1.OpenProjectResponse;
import org.zoobridge.v1.PublishRequest;
import org.zoobridge.v1.PublishResponse;
import org.zoobridge.v1.PublishedModel;
import org.zoobridge.v1.TrainingFigures;
import org.zoobridge.v1.TrainingProgress;
import org.zoobridge.v1.TrainingServiceGrpc;

/**
 * A training service whose answers a test can foresee: it takes all annotations but those of the class {@code bad}, and
 * the fit of the project {@code wait} never ends.
 */
public final class FakeTraining extends TrainingServiceGrpc.TrainingServiceImplBase {

    /** What was annotated, in order. */
    public final List<AnnotateRequest> annotated = new CopyOnWriteArrayList<>();
    public final CountDownLatch fitting = new CountDownLatch(1);
    public final CountDownLatch cancelled = new CountDownLatch(1);

    @Override
    public void openProject(final OpenProjectRequest request, final StreamObserver<OpenProjectResponse> answers) {
        answers.onNext(OpenProjectResponse.getDefaultInstance());
        answers.onCompleted();
    }

    @Override
    public StreamObserver<AnnotateRequest> annotate(final StreamObserver<AnnotateResponse> answers) {
        return new StreamObserver<AnnotateRequest>() {
            @Override
            public void onNext(final AnnotateRequest request) {
                annotated.add(request);
                final AnnotateResponse.Builder answer = AnnotateResponse.newBuilder().setId(request.getId());
                if (request.getItems(0).getLabel().equals("bad")) {
                    answer.setError(Status.newBuilder().setCode(3).setMessage("bad is not a class"));
                } else {
                    answer.setAnnotated(Annotated.getDefaultInstance());
                }
                answers.onNext(answer.build());
            }

            @Override
            public void onError(final Throwable gone) {
                cancelled.countDown();
            }

            @Override
            public void onCompleted() {
                answers.onCompleted();
            }
        };
    }

    @Override
    public void fit(final FitRequest request, final StreamObserver<FitResponse> answers) {
        answers.onNext(FitResponse.newBuilder().setProgress(TrainingProgress.newBuilder().setDone(1).setTotal(4)).build());
        if ("wait".equals(request.getProject())) {
            Context.current().addListener(context -> cancelled.countDown(), Runnable::run);
            fitting.countDown();
            return;
        }
        answers.onNext(FitResponse.newBuilder().setFigures(TrainingFigures.newBuilder().setBalancedAccuracy(0.9)
                .setLow(0.8).setHigh(0.95).setChance(0.5).addClasses(ClassFigures.newBuilder().setItems(3))
                .addClasses(ClassFigures.newBuilder().setItems(4))).build());
        answers.onCompleted();
    }

    @Override
    public void publish(final PublishRequest request, final StreamObserver<PublishResponse> answers) {
        answers.onNext(PublishResponse.newBuilder().setPublished(
                PublishedModel.newBuilder().setId("my-cells").setVersion("1")).build());
        answers.onCompleted();
    }
}
