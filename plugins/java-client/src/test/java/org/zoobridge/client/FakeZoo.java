package org.zoobridge.client;

import com.google.protobuf.Any;
import com.google.protobuf.MessageLite;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;

import io.grpc.Context;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.okhttp.OkHttpServerBuilder;
import io.grpc.stub.StreamObserver;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;

import org.zoobridge.client.connection.Endpoint;
import org.zoobridge.v1.AxisSize;
import org.zoobridge.v1.CheckImageRequest;
import org.zoobridge.v1.CheckImageResponse;
import org.zoobridge.v1.ClassScore;
import org.zoobridge.v1.ClassificationServiceGrpc;
import org.zoobridge.v1.ClassifyRequest;
import org.zoobridge.v1.ClassifyResponse;
import org.zoobridge.v1.ClassifyStreamRequest;
import org.zoobridge.v1.ClassifyStreamResponse;
import org.zoobridge.v1.ClientHints;
import org.zoobridge.v1.Conversion;
import org.zoobridge.v1.Framework;
import org.zoobridge.v1.GetModelRequest;
import org.zoobridge.v1.GetModelResponse;
import org.zoobridge.v1.GetServerInfoRequest;
import org.zoobridge.v1.GetServerInfoResponse;
import org.zoobridge.v1.ItemResult;
import org.zoobridge.v1.Limits;
import org.zoobridge.v1.ListFrameworksRequest;
import org.zoobridge.v1.ListFrameworksResponse;
import org.zoobridge.v1.ListModelsRequest;
import org.zoobridge.v1.ListModelsResponse;
import org.zoobridge.v1.Model;
import org.zoobridge.v1.ModelIdentity;
import org.zoobridge.v1.ModelInput;
import org.zoobridge.v1.Novelty;
import org.zoobridge.v1.Plane;
import org.zoobridge.v1.Prediction;
import org.zoobridge.v1.PredictionSet;
import org.zoobridge.v1.Weights;
import org.zoobridge.v1.ZooServiceGrpc;

/**
 * A gRPC server whose answers a test can foresee. It answers each picture with its name as the label, one part for
 * each region; it had to assume the intensities of a picture whose name starts with {@code float}, and finds one whose
 * name starts with {@code unlike} unlike its training pictures; a region named {@code end} ends the stream; the model {@code wait} never answers, the package of
 * {@code broken} is broken, and other models are unknown.
 */
public final class FakeZoo implements AutoCloseable {

    static final int MESSAGE_LIMIT = 1 << 20;
    /** Items of one request. */
    static final int ITEM_LIMIT = 30;

    /** Requests in one message of a stream. */
    static final int JOINED = 3;
    static final int PACKED_BYTES = 400;

    private static final Weights ONNX = Weights.newBuilder().setFramework("onnx").setFormat("onnx").build();
    private static final Model DIGITS = Model.newBuilder().setId("digits").setName("Digits").addWeights(ONNX).build();
    private static final Model FOUR_CHANNELS = Model.newBuilder().setId("four").addWeights(ONNX).setInput(
            ModelInput.newBuilder().setAxes("CYX").putSizes("C", AxisSize.newBuilder().setMin(4).build())).build();

    final CountDownLatch started = new CountDownLatch(1);
    final CountDownLatch cancelled = new CountDownLatch(1);
    /** What was asked, in order. */
    public final List<ClassifyRequest> requests = new CopyOnWriteArrayList<>();
    /** Requests in each message of a stream, in order. */
    final List<Integer> messages = new CopyOnWriteArrayList<>();
    /** Its training service. */
    public final FakeTraining training = new FakeTraining();
    volatile String authorization;
    private volatile boolean ended;
    private final BlockingQueue<StreamObserver<ClassifyStreamResponse>> streams = new LinkedBlockingQueue<>();
    private volatile StreamObserver<ClassifyStreamResponse> idle;
    private final Server server;

    /**
     * Starts it on a free port.
     *
     * @throws IOException if there is none
     */
    public FakeZoo() throws IOException {
        server = OkHttpServerBuilder.forPort(new InetSocketAddress("127.0.0.1", 0), InsecureServerCredentials.create())
                .addService(new Classifying()).addService(new Zoo())
                .addService(training).intercept(new Listening()).build().start();
    }

    /**
     * Where it listens.
     *
     * @return on loopback
     */
    public Endpoint endpoint() {
        return Endpoint.of("127.0.0.1", server.getPort());
    }

    @Override
    public void close() {
        server.shutdownNow();
    }

    /** Ends the stream that is opened next, or was, as a server does that needs the place of an idle one. */
    void endIdleStream() {
        try {
            idle = streams.take();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
        idle.onError(failure(Status.newBuilder().setCode(14).setMessage("this stream was idle for 60 s")
                .addDetails(detail("ErrorInfo", ErrorInfo.newBuilder().setDomain("zoobridge")
                        .setReason("SERVER_UNAVAILABLE").putMetadata("stream", "idle").build())).build()));
    }

    private static Status brokenPackage(final String model) {
        return Status.newBuilder().setCode(9).setMessage("the package of " + model + " is broken")
                .addDetails(detail("ErrorInfo", ErrorInfo.newBuilder().setDomain("zoobridge")
                        .setReason("BROKEN_PACKAGE").build())).build();
    }

    static Status unknownModel(final String model) {
        return Status.newBuilder().setCode(5).setMessage("no model \"" + model + "\"; did you mean digits?")
                .addDetails(detail("ErrorInfo", ErrorInfo.newBuilder().setDomain("zoobridge").setReason("UNKNOWN_MODEL")
                        .putMetadata("model", model).build()))
                .addDetails(detail("BadRequest", BadRequest.newBuilder().addFieldViolations(
                        BadRequest.FieldViolation.newBuilder().setField("model")).build()))
                .addDetails(detail("RetryInfo", RetryInfo.newBuilder().setRetryDelay(
                        com.google.protobuf.Duration.newBuilder().setSeconds(2)).build())).build();
    }

    private static Any detail(final String type, final MessageLite message) {
        return Any.newBuilder().setTypeUrl("type.googleapis.com/google.rpc." + type)
                .setValue(message.toByteString()).build();
    }

    private static io.grpc.StatusRuntimeException failure(final Status status) {
        final Metadata trailers = new Metadata();
        trailers.put(Errors.DETAILS, status.toByteArray());
        return io.grpc.Status.fromCodeValue(status.getCode()).withDescription(status.getMessage())
                .asRuntimeException(trailers);
    }

    private static int items(final ClassifyRequest request) {
        final boolean planes = request.getImage().getPixels().getAxes().startsWith("P");
        return request.getRegionsCount() > 0 ? request.getRegionsCount()
                : planes ? request.getImage().getPixels().getShape(0) : 1;
    }

    private static ClassifyResponse part(final ClassifyRequest request, final int index) {
        final ItemResult.Builder item = ItemResult.newBuilder().setIndex(index);
        if (request.getRegionsCount() > 0) {
            item.setRegionId(request.getRegions(index).getId()).setPlane(request.getRegions(index).getPlane());
        } else if (items(request) > 1) {
            item.setPlane(Plane.newBuilder().putIndexes("P", index));
        }
        final String name = request.getImage().getName();
        final Prediction.Builder prediction = Prediction.newBuilder()
                .addTop(ClassScore.newBuilder().setLabel(name).setScore(0.1f));
        if (name.startsWith("float")) {
            prediction.addConversions(Conversion.newBuilder().setDetail("0…1 → 0…255").setNotice("0…1 was assumed")
                    .setNoticeField("options.intensity"));
        }
        if (name.startsWith("unlike")) {
            prediction.setPredictionSet(PredictionSet.newBuilder().setCoverage(0.9f).addLabels("one").addLabels("two"))
                    .setNovelty(Novelty.newBuilder().setValue(0.7f).setThreshold(0.4f));
        }
        return ClassifyResponse.newBuilder().addResults(item.setPrediction(prediction))
                .setModel(ModelIdentity.newBuilder().setId(request.getModel())).build();
    }

    private void watch() {
        Context.current().addListener(context -> cancelled.countDown(), Runnable::run);
        started.countDown();
    }

    private final class Classifying extends ClassificationServiceGrpc.ClassificationServiceImplBase {

        @Override
        public void classify(final ClassifyRequest request, final StreamObserver<ClassifyResponse> answers) {
            if ("wait".equals(request.getModel())) {
                watch();
            } else if ("digits".equals(request.getModel())) {
                requests.add(request);
                final ClassifyResponse.Builder all = ClassifyResponse.newBuilder()
                        .setModel(ModelIdentity.newBuilder().setId(request.getModel()));
                for (int index = 0; index < items(request); index++) {
                    all.addAllResults(part(request, index).getResultsList());
                }
                answers.onNext(all.build());
                answers.onCompleted();
            } else {
                answers.onError(failure(unknownModel(request.getModel())));
            }
        }

        @Override
        public void checkImage(final CheckImageRequest request, final StreamObserver<CheckImageResponse> answers) {
            switch (request.getModel()) {
                case "digits":
                    answers.onNext(CheckImageResponse.getDefaultInstance());
                    answers.onCompleted();
                    break;
                case "four":
                    answers.onNext(CheckImageResponse.newBuilder().setRefusal(
                            Status.newBuilder().setCode(3).setMessage("four wants 4 channels")).build());
                    answers.onCompleted();
                    break;
                case "broken":
                    answers.onError(failure(brokenPackage("broken")));
                    break;
                case "busy":
                    answers.onError(io.grpc.Status.RESOURCE_EXHAUSTED.asRuntimeException());
                    break;
                default:
                    answers.onError(failure(unknownModel(request.getModel())));
            }
        }

        @Override
        public StreamObserver<ClassifyStreamRequest> classifyStream(
                final StreamObserver<ClassifyStreamResponse> answers) {
            streams.add(answers);
            return new StreamObserver<ClassifyStreamRequest>() {
                @Override
                public void onNext(final ClassifyStreamRequest message) {
                    if (answers == idle) {
                        return;
                    }
                    messages.add(1 + message.getJoinedCount());
                    answer(message, answers);
                    message.getJoinedList().forEach(joined -> answer(joined, answers));
                }

                @Override
                public void onError(final Throwable gone) {
                    return;
                }

                @Override
                public void onCompleted() {
                    if (started.getCount() > 0 && !ended && answers != idle) {
                        answers.onCompleted();
                    }
                }
            };
        }

        private void answer(final ClassifyStreamRequest message, final StreamObserver<ClassifyStreamResponse> answers) {
            final ClassifyRequest request = message.getRequest();
            final ClassifyStreamResponse.Builder response = ClassifyStreamResponse.newBuilder().setId(message.getId());
            if ("wait".equals(request.getModel())) {
                watch();
                return;
            }
            if (!"digits".equals(request.getModel()) || request.getImage().getName().startsWith("bad")) {
                answers.onNext(response.setLast(true).setError(unknownModel(request.getModel())).build());
                return;
            }
            requests.add(request);
            final int total = items(request);
            // In reverse, for a stream promises no order.
            for (int index = total - 1; index >= 0; index--) {
                if (index < request.getRegionsCount() && "end".equals(request.getRegions(index).getId())) {
                    ended = true;
                    answers.onError(io.grpc.Status.UNAVAILABLE.asRuntimeException());
                    return;
                }
                answers.onNext(response.setTotal(total).setLast(index == 0).setResponse(part(request, index)).build());
            }
        }
    }

    private static final class Zoo extends ZooServiceGrpc.ZooServiceImplBase {

        @Override
        public void listModels(final ListModelsRequest request, final StreamObserver<ListModelsResponse> answers) {
            answers.onNext(ListModelsResponse.newBuilder().addModels(FOUR_CHANNELS).addModels(DIGITS).build());
            answers.onCompleted();
        }

        @Override
        public void listFrameworks(final ListFrameworksRequest request,
                final StreamObserver<ListFrameworksResponse> answers) {
            answers.onNext(ListFrameworksResponse.newBuilder().addFrameworks(Framework.newBuilder().setName("onnx"))
                    .build());
            answers.onCompleted();
        }

        @Override
        public void getModel(final GetModelRequest request, final StreamObserver<GetModelResponse> answers) {
            if ("digits".equals(request.getModel())) {
                answers.onNext(GetModelResponse.newBuilder().setModel(DIGITS).build());
                answers.onCompleted();
            } else {
                answers.onError(failure(unknownModel(request.getModel())));
            }
        }

        @Override
        public void getServerInfo(final GetServerInfoRequest request,
                final StreamObserver<GetServerInfoResponse> answers) {
            answers.onNext(GetServerInfoResponse.newBuilder().setVersion("0.1.0")
                    .setLimits(Limits.newBuilder().setMessageBytes(MESSAGE_LIMIT).setItems(ITEM_LIMIT))
                    .setClientHints(ClientHints.newBuilder().setJoinedRequests(JOINED).setPackedBytes(PACKED_BYTES))
                    .build());
            answers.onCompleted();
        }
    }

    private final class Listening implements ServerInterceptor {

        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(final ServerCall<Q, A> call, final Metadata headers,
                final ServerCallHandler<Q, A> next) {
            authorization = headers.get(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER));
            return next.startCall(call, headers);
        }
    }
}
