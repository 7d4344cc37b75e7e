package org.zoobridge.client;

import com.google.common.util.concurrent.ListenableFuture;

import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptor;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.okhttp.OkHttpChannelBuilder;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import org.zoobridge.client.connection.Endpoint;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.CheckImageRequest;
import org.zoobridge.v1.CheckImageResponse;
import org.zoobridge.v1.ClassificationServiceGrpc;
import org.zoobridge.v1.ClassifyRequest;
import org.zoobridge.v1.ClientHints;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Framework;
import org.zoobridge.v1.GetModelRequest;
import org.zoobridge.v1.GetModelResponse;
import org.zoobridge.v1.GetServerInfoRequest;
import org.zoobridge.v1.GetServerInfoResponse;
import org.zoobridge.v1.Limits;
import org.zoobridge.v1.ListFrameworksRequest;
import org.zoobridge.v1.ListModelsRequest;
import org.zoobridge.v1.LoadModelRequest;
import org.zoobridge.v1.LoadedModel;
import org.zoobridge.v1.Model;
import org.zoobridge.v1.UnloadModelRequest;
import org.zoobridge.v1.ZooServiceGrpc;

/**
 * A connection to a ZooBridge server.
 * <p>
 * Make one and keep it: it holds one channel, which reconnects by itself and may be used from many threads.
 * </p>
 * <pre>{@code
 * try (ZooBridge zoo = ZooBridge.connect()) {
 *     Answer answer = zoo.classify("textures").picture(Picture.file(path)).topK(3).run();
 *     System.out.println(answer.items().get(0).top());
 * }
 * }</pre>
 */
public final class ZooBridge implements AutoCloseable {

    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final int ASKING_SECONDS = 20;
    private static final int LOADING_SECONDS = 600;
    private static final int STOPPING_SECONDS = 5;

    private final Endpoint endpoint;
    private final ManagedChannel channel;
    private volatile GetServerInfoResponse stated;

    private ZooBridge(final Endpoint endpoint) {
        this.endpoint = endpoint;
        this.channel = OkHttpChannelBuilder.forAddress(endpoint.host(), endpoint.port(), credentials(endpoint))
                .userAgent("zoobridge-java").build();
    }

    private static ChannelCredentials credentials(final Endpoint endpoint) {
        if (!endpoint.usesTls()) {
            return InsecureChannelCredentials.create();
        }
        if (endpoint.certificate() == null) {
            return TlsChannelCredentials.create();
        }
        try {
            return TlsChannelCredentials.newBuilder().trustManager(endpoint.certificate().toFile()).build();
        } catch (IOException error) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_TOKEN, "The certificate " + endpoint.certificate()
                    + " cannot be read (" + error.getMessage() + "); name the PEM file of the server's authority.").causedBy(error);
        }
    }

    /**
     * Connects to the server that {@link Endpoint#discover()} finds.
     *
     * @return the connection
     * @throws ZooBridgeException if there is none
     */
    public static ZooBridge connect() {
        return connect(Endpoint.discover());
    }

    /**
     * Connects to a server. Nothing is sent yet.
     *
     * @param endpoint where it is
     * @return the connection
     */
    public static ZooBridge connect(final Endpoint endpoint) {
        return new ZooBridge(endpoint);
    }

    /**
     * Where the server is.
     *
     * @return its address
     */
    public Endpoint endpoint() {
        return endpoint;
    }

    /**
     * The frameworks that the server knows of, installed or not.
     *
     * @return by name
     */
    public List<Framework> frameworks() {
        return ask(ASKING_SECONDS, zoo -> zoo.listFrameworks(ListFrameworksRequest.getDefaultInstance()))
                .getFrameworksList();
    }

    /**
     * The models of the zoo, broken ones included.
     *
     * @return by id, newest version first
     */
    public List<Model> models() {
        return models("");
    }

    /**
     * The models that a framework can run.
     *
     * @param framework its name; empty for all models
     * @return by id, newest version first
     */
    public List<Model> models(final String framework) {
        final ListModelsRequest request = ListModelsRequest.newBuilder().setFramework(framework).build();
        return ask(ASKING_SECONDS, zoo -> zoo.listModels(request)).getModelsList();
    }

    /**
     * One model, with its authors, citations and documentation.
     *
     * @param model {@code id} or {@code id@version}
     * @return the description
     */
    public GetModelResponse model(final String model) {
        return ask(ASKING_SECONDS, zoo -> zoo.getModel(GetModelRequest.newBuilder().setModel(model).build()));
    }

    /**
     * The server, its limits and its state.
     *
     * @return what it says of itself
     */
    public GetServerInfoResponse server() {
        return ask(ASKING_SECONDS, zoo -> zoo.getServerInfo(GetServerInfoRequest.getDefaultInstance()));
    }

    /**
     * Loads a model before its first use. Needs the managing token.
     *
     * @param model     {@code id} or {@code id@version}
     * @param framework framework; empty for the fastest safe one
     * @return the loaded copy
     */
    public LoadedModel load(final String model, final String framework) {
        final LoadModelRequest request = LoadModelRequest.newBuilder().setModel(model).setFramework(framework).build();
        return ask(LOADING_SECONDS, zoo -> zoo.loadModel(request)).getLoaded();
    }

    /**
     * Frees a model's memory. Needs the managing token.
     *
     * @param model     {@code id} or {@code id@version}
     * @param framework framework; empty for every loaded copy
     * @return number of copies unloaded
     */
    public int unload(final String model, final String framework) {
        final UnloadModelRequest request = UnloadModelRequest.newBuilder().setModel(model).setFramework(framework)
                .build();
        return ask(LOADING_SECONDS, zoo -> zoo.unloadModel(request)).getUnloaded();
    }

    /**
     * Starts a call that classifies.
     *
     * @param model {@code id} or {@code id@version}
     * @return the call, to be filled in and run
     */
    public ClassifyCall classify(final String model) {
        return new ClassifyCall(this, model);
    }

    /** Closes the channel; calls under way are cancelled after a moment. */
    @Override
    public void close() {
        channel.shutdown();
        try {
            if (!channel.awaitTermination(STOPPING_SECONDS, TimeUnit.SECONDS)) {
                channel.shutdownNow();
            }
        } catch (InterruptedException interrupted) {
            channel.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    private <T> T ask(final int seconds, final Function<ZooServiceGrpc.ZooServiceBlockingStub, T> question) {
        try {
            return question.apply(authorized(ZooServiceGrpc.newBlockingStub(channel))
                    .withMaxInboundMessageSize(Integer.MAX_VALUE).withDeadlineAfter(seconds, TimeUnit.SECONDS));
        } catch (StatusRuntimeException failure) {
            throw Errors.of(failure, endpoint);
        }
    }

    private <S extends AbstractStub<S>> S authorized(final S stub) {
        return stub.withInterceptors(authorizing());
    }

    /**
     * Sends the token along, where there is one.
     *
     * @return for stubs on {@link #channel()}
     */
    public ClientInterceptor authorizing() {
        final Metadata headers = new Metadata();
        if (!endpoint.token().isEmpty()) {
            headers.put(AUTHORIZATION, "Bearer " + endpoint.token());
        }
        return MetadataUtils.newAttachHeadersInterceptor(headers);
    }

    /**
     * The connection, for services of the contract that this client has no method for.
     *
     * @return closed with this
     */
    public ManagedChannel channel() {
        return channel;
    }

    ClassificationServiceGrpc.ClassificationServiceFutureStub unary() {
        return authorized(ClassificationServiceGrpc.newFutureStub(channel)).withMaxInboundMessageSize(limit());
    }

    ClassificationServiceGrpc.ClassificationServiceStub streaming() {
        return authorized(ClassificationServiceGrpc.newStub(channel)).withMaxInboundMessageSize(limit());
    }

    /**
     * What one request may hold; asked once for each connection.
     *
     * @return the server's limits; 0 where it states none
     */
    public Limits limits() {
        return stated().getLimits();
    }

    /**
     * How the server is used best; asked once for each connection.
     *
     * @return the server's hints; 0 where it states none
     */
    ClientHints hints() {
        return stated().getClientHints();
    }

    private GetServerInfoResponse stated() {
        if (stated == null) {
            stated = server();
        }
        return stated;
    }

    /**
     * Asks which models can look at a picture. The questions travel together.
     *
     * @param models   all models of the zoo, broken ones included
     * @param question made by {@link ClassifyCall#question}
     * @return for each model, by its reference, why it cannot, in a sentence; empty where it can
     * @throws ZooBridgeException if the server cannot be asked
     */
    public Map<String, String> refusals(final List<Model> models, final CheckImageRequest question) {
        final Map<String, ListenableFuture<CheckImageResponse>> asked = new LinkedHashMap<>();
        for (final Model model : models) {
            final String reference = ModelFacts.reference(model, models);
            asked.put(reference, unary().withDeadlineAfter(ASKING_SECONDS, TimeUnit.SECONDS)
                    .checkImage(question.toBuilder().setModel(reference).build()));
        }
        final Map<String, String> refusals = new LinkedHashMap<>();
        asked.forEach((reference, answer) -> refusals.put(reference, refusal(answer)));
        return refusals;
    }

    private String refusal(final ListenableFuture<CheckImageResponse> answer) {
        try {
            final CheckImageResponse check = answered(answer);
            return check.hasRefusal() ? OwnWords.sentence(Errors.of(check.getRefusal())) : "";
        } catch (ZooBridgeException error) {
            // One package that broke, or went since the models were listed, leaves the others to choose from.
            if (error.reason() == ErrorReason.ERROR_REASON_BROKEN_PACKAGE
                    || error.reason() == ErrorReason.ERROR_REASON_UNKNOWN_MODEL) {
                return OwnWords.sentence(error);
            }
            throw error;
        }
    }

    /**
     * Waits for an answer.
     *
     * @param answer the answer under way
     * @param <T>    its type
     * @return the answer
     * @throws ZooBridgeException if the call failed, or this thread was interrupted
     */
    <T> T answered(final ListenableFuture<T> answer) {
        try {
            return answer.get();
        } catch (CancellationException cancelled) {
            throw ZooBridgeException.cancelled(cancelled);
        } catch (InterruptedException interrupted) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw ZooBridgeException.cancelled(interrupted);
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof StatusRuntimeException) {
                throw Errors.of((StatusRuntimeException) failure.getCause(), endpoint);
            }
            throw new IllegalStateException(failure.getCause());
        }
    }

    private int limit() {
        final long stated = limits().getMessageBytes();
        return stated <= 0 ? Integer.MAX_VALUE : (int) Math.min(stated, Integer.MAX_VALUE);
    }

    /** Refuses what the server would refuse, before it is sent. */
    void check(final ClassifyRequest request) throws ZooBridgeException {
        final long size = request.getSerializedSize();
        if (size > limit()) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_LIMIT,
                    "The picture " + request.getImage().getName() + " makes a message of "
                    + (size >> 20) + " MiB; the server takes " + (limit() >> 20) + " MiB. Send some of its planes at "
                    + "a time, or raise the server's limit.").field("image");
        }
    }
}
