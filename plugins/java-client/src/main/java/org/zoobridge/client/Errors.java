package org.zoobridge.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;

import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;

import java.net.ConnectException;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.util.Map;
import java.util.TreeMap;

import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;

import org.zoobridge.client.connection.Endpoint;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;


/** Turns what gRPC and the server say into the errors of this client. */
public final class Errors {

    /** {@code ErrorInfo.domain} of everything that ZooBridge answers. */
    static final String DOMAIN = "zoobridge";

    /** Where gRPC carries a serialized {@code google.rpc.Status}. */
    static final Metadata.Key<byte[]> DETAILS =
            Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

    private static final int CODES = 100;

    private Errors() {
    }

    /**
     * The error that a failed call stands for.
     *
     * @param failure  what gRPC threw
     * @param endpoint the server that was called
     * @return the typed error
     */
    public static ZooBridgeException of(final StatusRuntimeException failure, final Endpoint endpoint) {
        final Metadata trailers = failure.getTrailers();
        final byte[] details = trailers == null ? null : trailers.get(DETAILS);
        if (details != null) {
            try {
                return of(Status.parseFrom(details), failure);
            } catch (InvalidProtocolBufferException unreadable) {
                failure.addSuppressed(unreadable);
            }
        }
        return withoutDetails(failure, endpoint);
    }

    /**
     * The error that a status inside an answer stands for.
     *
     * @param status the server's status
     * @return the typed error
     */
    public static ZooBridgeException of(final Status status) {
        return of(status, null);
    }

    private static ZooBridgeException of(final Status status, final Throwable cause) {
        String reason = "";
        String field = "";
        boolean ours = false;
        double retry = -1;
        final Map<String, String> metadata = new TreeMap<>();
        for (final Any detail : status.getDetailsList()) {
            // The classes are relocated in a plugin's jar, so full names cannot be compared.
            final String type = detail.getTypeUrl();
            try {
                if (type.endsWith("/google.rpc.ErrorInfo")) {
                    final ErrorInfo info = ErrorInfo.parseFrom(detail.getValue());
                    reason = info.getReason();
                    ours = DOMAIN.equals(info.getDomain());
                    metadata.putAll(info.getMetadataMap());
                } else if (type.endsWith("/google.rpc.BadRequest")) {
                    final BadRequest request = BadRequest.parseFrom(detail.getValue());
                    field = request.getFieldViolationsCount() == 0 ? "" : request.getFieldViolations(0).getField();
                } else if (type.endsWith("/google.rpc.RetryInfo")) {
                    final RetryInfo info = RetryInfo.parseFrom(detail.getValue());
                    retry = info.getRetryDelay().getSeconds() + info.getRetryDelay().getNanos() / 1e9;
                }
            } catch (InvalidProtocolBufferException unreadable) {
                metadata.put("unreadable_detail", type);
            }
        }
        final ErrorReason known = ours ? named(reason) : null;
        return ZooBridgeException.of(known == null ? general(status.getCode()) : known, status.getMessage())
                .field(field).metadata(metadata).retryAfterSeconds(retry).causedBy(cause);
    }

    private static ErrorReason named(final String name) {
        for (final ErrorReason reason : ErrorReason.values()) {
            if (reason.name().equals("ERROR_REASON_" + name)) {
                return reason;
            }
        }
        return null;
    }

    /** The general reason of a status code: the contract's first number in the code's hundred. */
    private static ErrorReason general(final int code) {
        ErrorReason first = null;
        for (final ErrorReason reason : ErrorReason.values()) {
            if (reason != ErrorReason.UNRECOGNIZED && reason.getNumber() / CODES == code
                    && (first == null || reason.getNumber() < first.getNumber())) {
                first = reason;
            }
        }
        return first == null || code == 0 ? ErrorReason.ERROR_REASON_INTERNAL : first;
    }

    private static ZooBridgeException withoutDetails(final StatusRuntimeException failure, final Endpoint endpoint) {
        final io.grpc.Status status = failure.getStatus();
        final String said = status.getDescription() == null ? status.getCode().toString() : status.getDescription();
        final String message;
        switch (status.getCode()) {
            case UNAVAILABLE:
                message = unavailable(failure, endpoint);
                break;
            case DEADLINE_EXCEEDED:
                message = "The server at " + endpoint.address() + " did not answer in time. Send fewer pictures or "
                        + "regions at once, or allow it more time.";
                break;
            case CANCELLED:
                message = "Cancelled.";
                break;
            case UNIMPLEMENTED:
                message = "The server at " + endpoint.address() + " is not a ZooBridge server, or an older one; "
                        + "check the address, and update the server.";
                break;
            default:
                message = said;
        }
        return ZooBridgeException.of(general(status.getCode().value()), message).causedBy(failure);
    }

    private static String unavailable(final StatusRuntimeException failure, final Endpoint endpoint) {
        final String server = "the server at " + endpoint.address();
        if (ZooBridgeException.isCausedBy(failure, UnknownHostException.class)) {
            return "There is no machine called " + endpoint.host() + ". Check the server's address.";
        }
        if (ZooBridgeException.isCausedBy(failure, SSLPeerUnverifiedException.class)) {
            return "The certificate of " + server + " is not made out to " + endpoint.host()
                    + ". Use the name that it is made out to.";
        }
        if (ZooBridgeException.isCausedBy(failure, GeneralSecurityException.class)) {
            return "The certificate of " + server + " is not trusted here. Name the PEM file of the authority that "
                    + "signed it (Certificate, or ZOOBRIDGE_CA).";
        }
        if (ZooBridgeException.isCausedBy(failure, SSLException.class)) {
            return "What listens at " + endpoint.address() + " does not speak TLS. Check the port, or switch TLS off if "
                    + "this network may read pictures and token.";
        }
        if (!endpoint.usesTls() && !ZooBridgeException.isCausedBy(failure, ConnectException.class) && endpoint.answersInTls()) {
            return "The server at " + endpoint.address() + " speaks TLS. Switch TLS on, and name the PEM file of the "
                    + "authority that signed its certificate (Certificate, or ZOOBRIDGE_CA).";
        }
        return "The ZooBridge server at " + endpoint.address() + " does not answer, or stopped while it worked on this. "
                + "Start it (zoobridge serve ZOO) and try again.";
    }
}
