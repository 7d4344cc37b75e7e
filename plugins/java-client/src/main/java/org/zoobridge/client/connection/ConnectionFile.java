package org.zoobridge.client.connection;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

import org.zoobridge.client.errors.ZooBridgeException;


/** What a running server tells its user's programs, in a JSON file in the user's runtime folder. */
final class ConnectionFile {

    private final Endpoint endpoint;
    private final double started;

    private ConnectionFile(final Endpoint endpoint, final double started) {
        this.endpoint = endpoint;
        this.started = started;
    }

    /**
     * The connection files of some folders, newest server first. What is no connection file is passed over.
     *
     * @param folders folders that exist
     * @return the files; the servers may have ended
     */
    static List<ConnectionFile> list(final List<Path> folders) {
        final List<ConnectionFile> found = new ArrayList<>();
        for (final Path folder : folders) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "server-*.json")) {
                for (final Path file : files) {
                    addTo(found, file);
                }
            } catch (IOException unreadable) {
                continue;
            }
        }
        found.sort(Comparator.comparingDouble((ConnectionFile file) -> file.started).reversed());
        return found;
    }

    private static void addTo(final List<ConnectionFile> found, final Path file) {
        try {
            found.add(parse(new String(Files.readAllBytes(file), StandardCharsets.UTF_8)));
        } catch (IOException | IllegalArgumentException notOurs) {
            // Another program's file, or one that its server has just removed.
            return;
        }
    }

    /**
     * Reads a connection file.
     *
     * @param json its text
     * @return what it says
     * @throws IllegalArgumentException if it is none
     */
    static ConnectionFile parse(final String json) {
        try {
            final JsonObject content = JsonParser.parseString(json).getAsJsonObject();
            Endpoint endpoint = Endpoint.parse(text(content, "address")).withToken(text(content, "token"));
            final String ca = content.has("ca") ? content.get("ca").getAsString() : "";
            if (!ca.isEmpty()) {
                endpoint = endpoint.withTls(Paths.get(ca));
            }
            final JsonElement started = content.get("started");
            return new ConnectionFile(endpoint, started == null ? 0 : started.getAsDouble());
        } catch (JsonParseException | IllegalStateException | ClassCastException | UnsupportedOperationException
                | ZooBridgeException error) {
            throw new IllegalArgumentException("not a connection file", error);
        }
    }

    private static String text(final JsonObject content, final String name) {
        final JsonElement value = content.get(name);
        if (value == null) {
            throw new IllegalArgumentException("not a connection file: " + name + " is missing");
        }
        return value.getAsString();
    }

    Endpoint endpoint() {
        return endpoint;
    }
}
