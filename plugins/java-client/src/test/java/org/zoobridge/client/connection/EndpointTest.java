package org.zoobridge.client.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zoobridge.client.Failing;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;

class EndpointTest {

    @TempDir
    private Path folder;
    private final Map<String, String> environment = new HashMap<>();

    @BeforeEach
    void useOwnRuntimeFolder() {
        environment.put("ZOOBRIDGE_RUNTIME_DIR", folder.toString());
    }

    private void publish(final String name, final String address, final double started) throws IOException {
        Files.write(folder.resolve(name), ("{\"address\": \"" + address + "\", \"token\": \"secret\", \"pid\": 1, "
                + "\"ca\": \"\", \"version\": \"0.1.0\", \"started\": " + started + "}")
                .getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void anAddressIsHostAndPort() {
        assertEquals("lab-server", Endpoint.parse("lab-server:8500").host());
        assertEquals(8500, Endpoint.parse(" lab-server:8500 ").port());
        assertEquals("::1", Endpoint.parse("[::1]:8500").host());
        assertEquals("[::1]:8500", Endpoint.parse("[::1]:8500").address());
    }

    @Test
    void whatIsNoAddressIsRefusedWithAnExample() {
        for (final String wrong : new String[] {"", "lab-server", "lab server:1", "lab-server:x", ":8500"}) {
            final ZooBridgeException error =
                    Failing.with(ErrorReason.ERROR_REASON_INVALID_REQUEST, () -> Endpoint.parse(wrong));
            assertTrue(error.getMessage().contains("lab-server:8500"), error.getMessage());
        }
    }

    @Test
    void theNewestServerThatListensIsFound() throws IOException {
        try (ServerSocket older = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                ServerSocket newer = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            publish("server-1-a.json", "127.0.0.1:" + older.getLocalPort(), 100.0);
            publish("server-2-b.json", "127.0.0.1:" + newer.getLocalPort(), 200.0);
            publish("server-3-c.json", "127.0.0.1:1", 300.0);
            Files.write(folder.resolve("server-4-d.json"), "{\"address\": 5".getBytes(StandardCharsets.UTF_8));
            Files.write(folder.resolve("server-5-e.json"), "[]".getBytes(StandardCharsets.UTF_8));
            final Endpoint found = Endpoint.discover(environment);
            assertEquals(newer.getLocalPort(), found.port());
            assertEquals("secret", found.token());
        }
    }

    @Test
    void withoutAServerTheSentenceNamesTheCommand() {
        final ZooBridgeException error =
                Failing.with(ErrorReason.ERROR_REASON_SERVER_UNAVAILABLE, () -> Endpoint.discover(environment));
        assertTrue(error.getMessage().contains("zoobridge serve"), error.getMessage());
        assertEquals("SERVER_UNAVAILABLE", error.reasonName());
    }

    @Test
    void aFolderThatOthersMayWriteInIsNotBelieved() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            publish("server-1-a.json", "127.0.0.1:" + socket.getLocalPort(), 100.0);
            assertEquals(socket.getLocalPort(), Endpoint.discover(environment).port());
            if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
                Failing.with(ErrorReason.ERROR_REASON_SERVER_UNAVAILABLE, () -> Endpoint.discover(environment));
            }
        }
    }

    @Test
    void theEnvironmentGoesBeforeTheConnectionFile() throws IOException {
        environment.put("ZOOBRIDGE_ADDRESS", "127.0.0.1:7");
        environment.put("ZOOBRIDGE_TOKEN", "other");
        final Endpoint named = Endpoint.discover(environment);
        assertEquals("127.0.0.1:7", named.address());
        assertEquals("other", named.token());
        assertFalse(named.usesTls());
    }

    @Test
    void aNamedServerOfThisUserBringsItsToken() throws IOException {
        publish("server-1-a.json", "127.0.0.1:7", 100.0);
        environment.put("ZOOBRIDGE_ADDRESS", "127.0.0.1:7");
        assertEquals("secret", Endpoint.discover(environment).token());
    }

    @Test
    void aServerElsewhereIsSpokenToOverTls() {
        environment.put("ZOOBRIDGE_ADDRESS", "192.0.2.1:7");
        assertTrue(Endpoint.discover(environment).usesTls());
    }

    @Test
    void theTextOfAnEndpointHoldsNoToken() {
        assertFalse(Endpoint.of("localhost", 1).withToken("secret").toString().contains("secret"));
    }

    @Test
    void withoutAnythingSetTheUsersFoldersAreLookedAt() {
        for (final Path found : RuntimeFolder.find(Collections.<String, String>emptyMap())) {
            assertEquals("zoobridge", found.getFileName().toString());
        }
    }
}
