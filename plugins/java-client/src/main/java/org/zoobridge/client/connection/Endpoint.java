package org.zoobridge.client.connection;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.GeneralSecurityException;
import java.util.Map;
import java.util.Objects;

import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;


/** Where a server is, and how to speak to it. Immutable. */
public final class Endpoint {

    private static final int CONNECT_MILLISECONDS = 2000;

    private final String host;
    private final int port;
    private final boolean tls;
    private final Path certificate;
    private final String token;

    private Endpoint(final String host, final int port, final boolean tls, final Path certificate,
            final String token) {
        this.host = host;
        this.port = port;
        this.tls = tls;
        this.certificate = certificate;
        this.token = token;
    }

    /**
     * A server without TLS.
     *
     * @param host name or address
     * @param port TCP port
     * @return the endpoint
     */
    public static Endpoint of(final String host, final int port) {
        return new Endpoint(host, port, false, null, "");
    }

    /**
     * A server by its address in one word.
     *
     * @param address {@code host:port}, {@code [::1]:port}
     * @return the endpoint, without TLS and token
     * @throws ZooBridgeException if it is no address
     */
    public static Endpoint parse(final String address) {
        try {
            final URI uri = new URI("zoobridge://" + address.trim());
            if (uri.getHost() != null && uri.getPort() > 0) {
                final String host = uri.getHost();
                return of(host.startsWith("[") ? host.substring(1, host.length() - 1) : host, uri.getPort());
            }
        } catch (URISyntaxException error) {
            throw noAddress(address, error);
        }
        throw noAddress(address, null);
    }

    private static ZooBridgeException noAddress(final String address, final Throwable cause) {
        return ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                "\"" + address + "\" is not a server address; write host:port, "
                + "such as lab-server:8500").causedBy(cause);
    }

    /**
     * Finds the server to use: {@code ZOOBRIDGE_ADDRESS} if that is set, else the newest server of this user on this
     * machine. {@code ZOOBRIDGE_TOKEN} and {@code ZOOBRIDGE_CA} (a PEM file) go before what its connection file says.
     *
     * @return the endpoint
     * @throws ZooBridgeException if there is none
     */
    public static Endpoint discover() {
        return discover(System.getenv());
    }

    /**
     * A named server, completed by the environment and, for a server of this user, by its connection file. TLS is
     * used wherever a certificate is known or the server is not on this machine.
     *
     * @param address {@code host:port}
     * @return the endpoint
     */
    public static Endpoint named(final String address) {
        return named(address, System.getenv());
    }

    static Endpoint discover(final Map<String, String> environment) {
        final String address = environment.getOrDefault("ZOOBRIDGE_ADDRESS", "");
        if (!address.isEmpty()) {
            return named(address, environment);
        }
        for (final ConnectionFile file : ConnectionFile.list(RuntimeFolder.find(environment))) {
            if (file.endpoint().isReachable()) {
                return file.endpoint().completed(environment);
            }
        }
        throw ZooBridgeException.of(ErrorReason.ERROR_REASON_SERVER_UNAVAILABLE,
                "No ZooBridge server is running on this machine. Start one "
                + "(zoobridge serve ZOO), or set ZOOBRIDGE_ADDRESS to the host:port of another.");
    }

    private static Endpoint named(final String address, final Map<String, String> environment) {
        final Endpoint given = parse(address);
        for (final ConnectionFile file : ConnectionFile.list(RuntimeFolder.find(environment))) {
            if (file.endpoint().address().equals(given.address())) {
                return file.endpoint().completed(environment);
            }
        }
        final Endpoint complete = given.completed(environment);
        return complete.usesTls() || complete.isLocal() ? complete : complete.withTls();
    }

    private Endpoint completed(final Map<String, String> environment) {
        final String secret = environment.getOrDefault("ZOOBRIDGE_TOKEN", "");
        final String ca = environment.getOrDefault("ZOOBRIDGE_CA", "");
        final Endpoint authorized = secret.isEmpty() ? this : withToken(secret);
        return ca.isEmpty() ? authorized : authorized.withTls(Paths.get(ca));
    }

    /**
     * The same server over TLS, checked by the certificates that Java trusts.
     *
     * @return the endpoint
     */
    public Endpoint withTls() {
        return new Endpoint(host, port, true, null, token);
    }

    /**
     * The same server over TLS, checked by a certificate of your own.
     *
     * @param pem certificate of the authority, or the server's own, PEM
     * @return the endpoint
     */
    public Endpoint withTls(final Path pem) {
        return new Endpoint(host, port, true, Objects.requireNonNull(pem), token);
    }

    /**
     * The same server without TLS: the network can read pictures and token.
     *
     * @return the endpoint
     */
    public Endpoint withoutTls() {
        return new Endpoint(host, port, false, null, token);
    }

    /**
     * The same server with a token sent along.
     *
     * @param value the token; empty for none
     * @return the endpoint
     */
    public Endpoint withToken(final String value) {
        return new Endpoint(host, port, tls, certificate, value);
    }

    /**
     * Host.
     *
     * @return name or address, IPv6 without brackets
     */
    public String host() {
        return host;
    }

    /**
     * Port.
     *
     * @return TCP port
     */
    public int port() {
        return port;
    }

    /**
     * Host and port in one word.
     *
     * @return {@code host:port}
     */
    public String address() {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }

    /**
     * Whether it is spoken to over TLS.
     *
     * @return true with TLS
     */
    public boolean usesTls() {
        return tls;
    }

    /**
     * The certificate to check by.
     *
     * @return a PEM file; null for Java's own authorities
     */
    public Path certificate() {
        return certificate;
    }

    /**
     * The token that is sent along.
     *
     * @return empty if there is none
     */
    public String token() {
        return token;
    }

    /**
     * Whether the server is on this machine.
     *
     * @return true for a loopback address
     */
    public boolean isLocal() {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException unknown) {
            return false;
        }
    }

    /**
     * Whether something listens there.
     *
     * @return true if a connection can be made within two seconds
     */
    public boolean isReachable() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, port), CONNECT_MILLISECONDS);
            return true;
        } catch (IOException refused) {
            return false;
        }
    }

    /**
     * Asks what listens there whether it speaks TLS; its certificate does not matter.
     *
     * @return true if it does
     */
    public boolean answersInTls() {
        try (Socket plain = new Socket()) {
            plain.connect(new InetSocketAddress(host, port), CONNECT_MILLISECONDS);
            plain.setSoTimeout(CONNECT_MILLISECONDS);
            final SSLSocketFactory sockets = (SSLSocketFactory) SSLSocketFactory.getDefault();
            try (SSLSocket socket = (SSLSocket) sockets.createSocket(plain, host, port, false)) {
                socket.startHandshake();
                return true;
            }
        } catch (IOException failure) {
            // That its certificate is refused tells that it sent one.
            return ZooBridgeException.isCausedBy(failure, GeneralSecurityException.class);
        }
    }

    @Override
    public boolean equals(final Object other) {
        if (!(other instanceof Endpoint)) {
            return false;
        }
        final Endpoint that = (Endpoint) other;
        return host.equals(that.host) && port == that.port && tls == that.tls
                && Objects.equals(certificate, that.certificate) && token.equals(that.token);
    }

    @Override
    public int hashCode() {
        return Objects.hash(host, port, tls, certificate, token);
    }

    /** The address; never the token. */
    @Override
    public String toString() {
        return address() + (tls ? " (TLS)" : "");
    }
}
