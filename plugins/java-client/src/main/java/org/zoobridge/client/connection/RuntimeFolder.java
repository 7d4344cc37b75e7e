package org.zoobridge.client.connection;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Where servers publish their connection files: the places that Python's {@code platformdirs} names. */
public final class RuntimeFolder {

    private static final String NAME = "zoobridge";

    private RuntimeFolder() {
    }

    /**
     * The folders to look in, best first.
     *
     * @param environment the environment's variables
     * @return folders that exist and in which nobody else may write
     */
    static List<Path> find(final Map<String, String> environment) {
        final List<Path> folders = new ArrayList<>();
        for (final Path candidate : candidates(environment)) {
            if (Files.isDirectory(candidate) && isPrivate(candidate)) {
                folders.add(candidate);
            }
        }
        return folders;
    }

    /**
     * The folder to publish in, made if need be.
     *
     * @return a folder in which nobody else may write
     * @throws IOException if there can be none
     */
    public static Path own() throws IOException {
        final Map<String, String> environment = System.getenv();
        final List<Path> existing = find(environment);
        if (!existing.isEmpty()) {
            return existing.get(0);
        }
        for (final Path candidate : candidates(environment)) {
            if (Files.isDirectory(candidate.getParent()) || candidate.getParent().toFile().mkdirs()) {
                final Path made = Files.createDirectory(candidate);
                if (made.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                    Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwx------"));
                }
                return made;
            }
        }
        throw new IOException("no folder can be made");
    }

    private static List<Path> candidates(final Map<String, String> environment) {
        final String named = environment.getOrDefault("ZOOBRIDGE_RUNTIME_DIR", "");
        if (!named.isEmpty()) {
            return Collections.singletonList(Paths.get(named));
        }
        final String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        final String home = System.getProperty("user.home", "");
        final List<Path> candidates = new ArrayList<>();
        if (system.startsWith("windows")) {
            final String local = environment.getOrDefault("LOCALAPPDATA", home + "\\AppData\\Local");
            candidates.add(Paths.get(local, "Temp", NAME));
            return candidates;
        }
        final String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
        if (!runtime.isEmpty()) {
            candidates.add(Paths.get(runtime, NAME));
        }
        if (system.startsWith("mac")) {
            candidates.add(Paths.get(home, "Library", "Caches", "TemporaryItems", NAME));
            return candidates;
        }
        final String user = String.valueOf(userId());
        for (final String parent : new String[] {"/run/user/", "/var/run/user/", "/tmp/run/user/"}) {
            candidates.add(Paths.get(parent + user, NAME));
        }
        candidates.add(Paths.get(environment.getOrDefault("TMPDIR", "/tmp"), "runtime-" + user, NAME));
        return candidates;
    }

    /** The user's number: Java has no call for it, but a file that this process makes belongs to its user. */
    private static Object userId() {
        try {
            final Path own = Files.createTempFile("zoobridge", null);
            try {
                return Files.getAttribute(own, "unix:uid");
            } finally {
                Files.delete(own);
            }
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException unknown) {
            return System.getProperty("user.name", "");
        }
    }

    /**
     * Whether nobody but this user could have put a file here. A runtime folder may lie below {@code /tmp}, where
     * another user can make it first and plant a file that sends pictures to a server of theirs.
     */
    private static boolean isPrivate(final Path folder) {
        if (!folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return true;
        }
        try {
            final Set<PosixFilePermission> rights = Files.getPosixFilePermissions(folder);
            return Files.getAttribute(folder, "unix:uid").equals(userId())
                    && !rights.contains(PosixFilePermission.GROUP_WRITE)
                    && !rights.contains(PosixFilePermission.OTHERS_WRITE);
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException unknown) {
            return false;
        }
    }
}
