package org.zoobridge.imagej;

import ij.IJ;
import ij.plugin.PlugIn;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;

import py4j.GatewayServer;
import org.zoobridge.client.connection.RuntimeFolder;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;

/**
 * Plugins &gt; ZooBridge &gt; Open to Python: lets programs of the same user on the same machine drive this ImageJ
 * ({@code zoobridge.imagej.attach()}). They find port and token in a file that only the user may read.
 */
public final class GatewayPlugIn implements PlugIn {

    private static final String TITLE = "Open to Python";
    private static final int TOKEN_BITS = 256;

    private static GatewayServer gateway;

    @Override
    public void run(final String argument) {
        Failure.guard(TITLE, GatewayPlugIn::open);
    }

    private static synchronized void open() {
        if (gateway == null) {
            final String token = new BigInteger(TOKEN_BITS, new SecureRandom()).toString(Character.MAX_RADIX);
            final GatewayServer server = new GatewayServer.GatewayServerBuilder().javaPort(0)
                    .javaAddress(InetAddress.getLoopbackAddress()).authToken(token).build();
            server.start();
            try {
                publish(server.getListeningPort(), token);
            } catch (IOException error) {
                server.shutdown();
                throw ZooBridgeException.of(ErrorReason.ERROR_REASON_SERVER_UNAVAILABLE,
                        "The file for Python cannot be written (" + error
                        + "); set ZOOBRIDGE_RUNTIME_DIR to a folder of your own.")
                        .causedBy(error);
            }
            gateway = server;
        }
        IJ.showStatus("Open to Python on port " + gateway.getListeningPort() + ": zoobridge.imagej.attach()");
    }

    private static void publish(final int port, final String token) throws IOException {
        final Path folder = RuntimeFolder.own();
        // Made readable by its owner only, before a byte is in it.
        final Path file = Files.createTempFile(folder, "imagej-", ".json");
        Files.write(file, ("{\"port\": " + port + ", \"token\": \"" + token + "\"}").getBytes(StandardCharsets.UTF_8));
        file.toFile().deleteOnExit();
    }
}
