package org.zoobridge.client.zoo;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;

/** The zoo of a user's own server on this machine, to which models are added. */
public final class LocalZoo {

    private static final int MINUTES = 5;

    private final String command;
    private final Path folder;

    /**
     * Works in a zoo.
     *
     * @param command the {@code zoobridge} program, by name or path
     * @param folder  the folder of model packages
     */
    public LocalZoo(final String command, final Path folder) {
        this.command = command;
        this.folder = folder;
    }

    /**
     * The zoo of a server on this machine.
     *
     * @param command the {@code zoobridge} program, by name or path
     * @param zoo     the server
     * @return its first folder
     * @throws ZooBridgeException if the server is elsewhere or does not say where its zoo is
     */
    public static LocalZoo of(final String command, final ZooBridge zoo) {
        final List<String> folders = zoo.server().getZooFoldersList();
        if (folders.isEmpty() || !Files.isDirectory(Paths.get(folders.get(0)))) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_MANAGING_TOKEN_REQUIRED, "The zoo of "
                    + zoo.endpoint().address() + " is not on this machine, or not yours. Models can be added to your own "
                    + "server only; ask whoever keeps the other.");
        }
        return new LocalZoo(command, Paths.get(folders.get(0)));
    }

    /**
     * Adds a BioImage.IO package: a zip, or a folder with an {@code rdf.yaml}.
     *
     * @param source the package
     * @return where it is now
     * @throws ZooBridgeException if it is not a package, or the zoo has one of that name
     */
    public Path addPackage(final Path source) {
        final boolean plain = Files.isDirectory(source) && (Files.exists(source.resolve("rdf.yaml"))
                || Files.exists(source.resolve("bioimageio.yaml")));
        if (!plain && !source.toString().toLowerCase(Locale.ROOT).endsWith(".zip")) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_BROKEN_PACKAGE,
                    source + " is not a BioImage.IO package: "
                    + "a zip, or a folder with an rdf.yaml. For a network alone use Add model….");
        }
        final Path target = folder.resolve(source.getFileName().toString());
        if (Files.exists(target)) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                    "The zoo has \"" + target.getFileName()
                    + "\" already. Rename the package, or remove the old one first.");
        }
        try {
            copy(source, target);
        } catch (IOException error) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                    "The package cannot be copied to " + target
                    + " (" + error + ").").causedBy(error);
        }
        return target;
    }

    private static void copy(final Path source, final Path target) throws IOException {
        // Under another name first: the server must not read half a package.
        final Path partial = target.resolveSibling("." + target.getFileName() + ".part");
        Files.walkFileTree(source, new SimpleFileVisitor<Path>() {
            @Override
            public FileVisitResult preVisitDirectory(final Path dir, final BasicFileAttributes facts)
                    throws IOException {
                Files.createDirectories(partial.resolve(source.relativize(dir).toString()));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(final Path file, final BasicFileAttributes facts) throws IOException {
                Files.copy(file, source.equals(file) ? partial : partial.resolve(source.relativize(file).toString()));
                return FileVisitResult.CONTINUE;
            }
        });
        Files.move(partial, target);
    }

    /**
     * Makes a package of a network with {@code zoobridge add}, which runs it once.
     *
     * @param weights an ONNX, TorchScript or Keras file, or a SavedModel folder
     * @param labels  class names with commas, or a file with one a line
     * @param name    the name for people
     * @param further further options of {@code zoobridge add}, such as {@code --preprocessing imagenet}
     * @return what the program said last
     * @throws ZooBridgeException if it could not be added, with the program's sentence
     */
    public String add(final Path weights, final String labels, final String name, final List<String> further) {
        final List<String> words = new ArrayList<>();
        words.add(command);
        words.add("add");
        words.add(weights.toString());
        words.add("--labels");
        words.add(labels);
        words.add("--name");
        words.add(name);
        words.add("--zoo");
        words.add(folder.toString());
        words.addAll(further);
        try {
            final Path log = Files.createTempFile("zoobridge-add", ".log");
            final Process process = new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(log.toFile())
                    .start();
            process.getOutputStream().close();
            final boolean ended = process.waitFor(MINUTES, TimeUnit.MINUTES);
            final String said = new String(Files.readAllBytes(log), Charset.defaultCharset()).trim();
            Files.delete(log);
            if (!ended) {
                process.destroyForcibly();
            }
            if (!ended || process.exitValue() != 0) {
                throw ZooBridgeException.of(ErrorReason.ERROR_REASON_BROKEN_PACKAGE, "The model was not added: "
                        + (ended ? said : "zoobridge add did not end within " + MINUTES + " minutes."));
            }
            return said;
        } catch (IOException error) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_SERVER_UNAVAILABLE, "The program \"" + command
                    + "\" cannot be started (" + error.getMessage() + "). Install it, or name it in Servers and "
                    + "models… > Start a server here.").causedBy(error);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_CANCELLED, "Cancelled.").causedBy(interrupted);
        }
    }
}
