package org.zoobridge.client.connection;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;


/** Starts a server on this machine, for a user who has none running. It outlives the program that started it. */
public final class LocalServer {

    private static final int POLL_MILLISECONDS = 100;

    private LocalServer() {
    }

    /**
     * Starts a server and waits until it can be spoken to.
     *
     * @param command     the {@code zoobridge} program, by name or path
     * @param zoo         folder of model packages
     * @param waitSeconds how long to wait for it
     * @return where it is
     * @throws ZooBridgeException if it cannot be started; the sentence holds what it printed last
     */
    public static Endpoint start(final String command, final Path zoo, final int waitSeconds) {
        final Path log;
        final Process process;
        try {
            log = Files.createTempFile("zoobridge-server", ".log");
            process = new ProcessBuilder(command, "serve", zoo.toString()).redirectErrorStream(true)
                    .redirectOutput(log.toFile()).start();
            process.getOutputStream().close();
        } catch (IOException error) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_SERVER_UNAVAILABLE,
                    "The program \"" + command + "\" cannot be started ("
                    + error.getMessage() + "). Install it (pip install \"zoobridge[all]\"), or give its full path.").causedBy(error);
        }
        return waitFor(process, log, waitSeconds);
    }

    private static Endpoint waitFor(final Process process, final Path log, final int waitSeconds) {
        final long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(waitSeconds);
        try {
            while (System.nanoTime() < end) {
                if (process.waitFor(POLL_MILLISECONDS, TimeUnit.MILLISECONDS)) {
                    throw ZooBridgeException.of(ErrorReason.ERROR_REASON_SERVER_UNAVAILABLE,
                            "The server ended at once: " + lastWords(log));
                }
                for (final ConnectionFile file : ConnectionFile.list(RuntimeFolder.find(System.getenv()))) {
                    if (file.endpoint().isReachable()) {
                        return file.endpoint();
                    }
                }
            }
        } catch (InterruptedException interrupted) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_CANCELLED, "Cancelled.").causedBy(interrupted);
        }
        process.destroy();
        throw ZooBridgeException.of(ErrorReason.ERROR_REASON_SERVER_UNAVAILABLE,
                "The server was not ready after " + waitSeconds + " seconds: "
                + lastWords(log));
    }

    private static String lastWords(final Path log) {
        try {
            final List<String> words = new ArrayList<>();
            for (final String line : Files.readAllLines(log, Charset.defaultCharset())) {
                if (!line.trim().isEmpty()) {
                    words.add(line.trim());
                }
            }
            return words.isEmpty() ? "it printed nothing" : words.get(words.size() - 1);
        } catch (IOException unreadable) {
            return "its log " + log + " cannot be read";
        }
    }
}
