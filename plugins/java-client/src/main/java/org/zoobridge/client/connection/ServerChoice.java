package org.zoobridge.client.connection;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;


/** Which server a person chose, and how to speak to it: what a program keeps in its preferences. Immutable. */
public final class ServerChoice {

    /** TLS wherever a certificate is known or the server is not on this machine. */
    public static final String AUTOMATIC = "automatic";
    /** TLS always. */
    public static final String ON = "on";
    /** TLS never: the network can read pictures and token. */
    public static final String OFF = "off";

    private static final String ADDRESS = "address";
    private static final String TLS = "tls";
    private static final String CA = "ca";
    private static final String TOKEN = "token";

    private final String address;
    private final String tls;
    private final String ca;
    private final String token;

    private ServerChoice(final String address, final String tls, final String ca, final String token) {
        this.address = address.trim();
        this.tls = tls.trim().isEmpty() ? AUTOMATIC : tls.trim();
        this.ca = ca.trim();
        this.token = token.trim();
    }

    /**
     * A choice by its parts; nothing is looked up yet.
     *
     * @param address {@code host:port}; empty for the server of this user on this machine
     * @param tls     {@link #AUTOMATIC}, {@link #ON} or {@link #OFF}
     * @param ca      PEM file to check the server's certificate by; empty for what Java trusts
     * @param token   the token; empty for none
     * @return the choice
     */
    public static ServerChoice of(final String address, final String tls, final String ca, final String token) {
        return new ServerChoice(address, tls, ca, token);
    }

    /**
     * A choice that was kept.
     *
     * @param kept gives the text kept under {@code address}, {@code tls}, {@code ca} and {@code token}; empty if none
     * @return the choice
     */
    public static ServerChoice read(final UnaryOperator<String> kept) {
        return new ServerChoice(kept.apply(ADDRESS), kept.apply(TLS), kept.apply(CA), kept.apply(TOKEN));
    }

    /**
     * Keeps this choice.
     *
     * @param keeper given a name and a text, as {@link #read} asks for them
     */
    public void keep(final BiConsumer<String, String> keeper) {
        keeper.accept(ADDRESS, address);
        keeper.accept(TLS, tls);
        keeper.accept(CA, ca);
        keeper.accept(TOKEN, token);
    }

    /**
     * This choice with some parts stated anew. What is not stated stays for the same server; for another one it has
     * its default, so that no server is told another's token.
     *
     * @param stated gives the text stated under {@code address}, {@code tls}, {@code ca}, {@code token}; null if none
     * @return the choice
     */
    public ServerChoice changed(final UnaryOperator<String> stated) {
        final String named = stated.apply(ADDRESS) == null ? address : stated.apply(ADDRESS).trim();
        final ServerChoice before = named.equals(address) ? this : of(named, "", "", "");
        return read(part -> {
            final String text = stated.apply(part);
            return text == null ? before.part(part) : text;
        });
    }

    private String part(final String name) {
        switch (name) {
            case ADDRESS:
                return address;
            case TLS:
                return tls;
            case CA:
                return ca;
            default:
                return token;
        }
    }

    /**
     * The server that this choice stands for now.
     *
     * @return where it is and how to speak to it
     * @throws ZooBridgeException if a part cannot be what it should be
     * @throws org.zoobridge.client.errors.ZooBridgeException if no address is chosen and no server of this
     *                                                                user runs
     */
    public Endpoint endpoint() {
        return address.isEmpty() ? Endpoint.discover() : named();
    }

    /**
     * Makes sure that the parts are what they should be. Whether a server answers is not looked at.
     *
     * @return this
     * @throws ZooBridgeException if a part is not, with a sentence that names it
     */
    public ServerChoice checked() {
        if (!address.isEmpty()) {
            named();
        }
        return this;
    }

    private Endpoint named() {
        final Endpoint known = Endpoint.named(address);
        final Endpoint authorized = token.isEmpty() ? known : known.withToken(token);
        switch (tls) {
            case AUTOMATIC:
                return ca.isEmpty() ? authorized : authorized.withTls(certificate());
            case ON:
                return !ca.isEmpty() ? authorized.withTls(certificate())
                        : authorized.usesTls() ? authorized : authorized.withTls();
            case OFF:
                if (!ca.isEmpty()) {
                    throw wrong("A certificate needs TLS. Leave it out, or switch TLS on.", CA);
                }
                return authorized.withoutTls();
            default:
                throw wrong("\"" + tls + "\" is not a setting of TLS; write automatic, on or off.", TLS);
        }
    }

    private Path certificate() {
        final Path file = Paths.get(ca);
        if (!Files.isReadable(file) || Files.isDirectory(file)) {
            throw wrong("There is no readable file \"" + ca + "\"; name the PEM file of the authority that signed the "
                    + "server's certificate.", CA);
        }
        return file;
    }

    private static ZooBridgeException wrong(final String sentence, final String field) {
        return ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST, sentence).field(field);
    }

    /**
     * The address.
     *
     * @return {@code host:port}; empty for the server of this user on this machine
     */
    public String address() {
        return address;
    }

    /**
     * Whether TLS is used.
     *
     * @return {@link #AUTOMATIC}, {@link #ON} or {@link #OFF}
     */
    public String tls() {
        return tls;
    }

    /**
     * What the server's certificate is checked by.
     *
     * @return a PEM file; empty for what Java trusts
     */
    public String ca() {
        return ca;
    }

    /**
     * The token.
     *
     * @return empty for none
     */
    public String token() {
        return token;
    }

    @Override
    public boolean equals(final Object other) {
        if (!(other instanceof ServerChoice)) {
            return false;
        }
        final ServerChoice that = (ServerChoice) other;
        return address.equals(that.address) && tls.equals(that.tls) && ca.equals(that.ca) && token.equals(that.token);
    }

    @Override
    public int hashCode() {
        return Objects.hash(address, tls, ca, token);
    }

    /** Everything but the token. */
    @Override
    public String toString() {
        return "address=" + address + " tls=" + tls + " ca=" + ca;
    }
}
