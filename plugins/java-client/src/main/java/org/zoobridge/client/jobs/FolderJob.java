package org.zoobridge.client.jobs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.zoobridge.client.Answer;
import org.zoobridge.client.BatchListener;
import org.zoobridge.client.ClassifyCall;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.options.Named;
import org.zoobridge.client.pixels.Picture;
import org.zoobridge.client.pixels.PictureSource;
import org.zoobridge.client.results.ResultTable;
import org.zoobridge.v1.ErrorReason;


/**
 * Every picture of a folder through one stream. What was answered before a run ended, however it ended, is kept.
 */
public final class FolderJob {

    /** Files that the server decodes by itself. */
    private static final Set<String> SENT_AS_THEY_ARE =
            new HashSet<>(Arrays.asList("png", "jpg", "jpeg", "tif", "tiff", "bmp"));

    private final List<PictureSource> pictures = new ArrayList<>();
    private final Map<Integer, Answer> answers = new TreeMap<>();
    private final Map<Integer, ZooBridgeException> errors = new TreeMap<>();

    /**
     * Lists the pictures of a folder, by name.
     *
     * @param folder    the folder
     * @param recursive whether its subfolders are looked into
     * @param opener    opens further kinds of files, by their extension in lower case
     * @throws ZooBridgeException if it cannot be read, or holds no picture
     */
    public FolderJob(final Path folder, final boolean recursive,
            final Map<String, Function<Path, Picture>> opener) {
        try (Stream<Path> files = Files.walk(folder, recursive ? Integer.MAX_VALUE : 1)) {
            for (final Path file : files.filter(Files::isRegularFile).sorted().collect(Collectors.toList())) {
                final String name = folder.relativize(file).toString().replace('\\', '/');
                final String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
                if (SENT_AS_THEY_ARE.contains(extension)) {
                    pictures.add(new Named(name, file, Picture::file));
                } else if (opener.containsKey(extension)) {
                    pictures.add(new Named(name, file, opener.get(extension)));
                }
            }
        } catch (IOException | UncheckedIOException error) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                    "The folder \"" + folder + "\" cannot be read; choose one that "
                    + "exists and that you may read.").field("folder").causedBy(error);
        }
        if (pictures.isEmpty()) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                    "There is no picture (PNG, JPEG, TIFF, BMP) in \"" + folder
                    + "\".").field("folder");
        }
    }

    private FolderJob(final PictureSource picture) {
        pictures.add(picture);
    }

    /**
     * One picture alone.
     *
     * @param file a PNG, JPEG, TIFF or BMP file
     * @return the job
     */
    public static FolderJob of(final Path file) {
        return new FolderJob(PictureSource.file(file));
    }

    /**
     * How many pictures there are.
     *
     * @return number of files
     */
    public int size() {
        return pictures.size();
    }

    /**
     * How many of them failed as a whole so far.
     *
     * @return number of files
     */
    public int failures() {
        return errors.size();
    }

    /**
     * What is answered so far.
     *
     * @return an answer for each picture, in the order of the files
     */
    public Collection<Answer> answers() {
        return Collections.unmodifiableCollection(answers.values());
    }

    /**
     * Classifies the pictures.
     *
     * @param call model, options, progress and cancellation
     * @throws ZooBridgeException if the run ended early; {@link #rows} holds what was answered
     */
    public void run(final ClassifyCall call) {
        try {
            call.runAll(pictures, new BatchListener() {
                @Override
                public void answered(final int picture, final Answer answer) {
                    answers.put(picture, answer);
                }

                @Override
                public void failed(final int picture, final String name, final ZooBridgeException error) {
                    errors.put(picture, error);
                }
            });
        } catch (ZooBridgeException error) {
            error.endedAfter(answers.size() + errors.size(), pictures.size());
            throw error;
        }
    }

    /**
     * What is known so far.
     *
     * @param model  the model that was asked for
     * @param labels its labels
     * @param first  the number that the program gives to the first plane: 0 or 1
     * @return rows in the order of the files; failures with their reason
     */
    public ResultTable rows(final String model, final List<String> labels, final int first) {
        final ResultTable rows = new ResultTable(first);
        for (int i = 0; i < pictures.size(); i++) {
            if (answers.containsKey(i)) {
                rows.add(answers.get(i), labels);
            } else if (errors.containsKey(i)) {
                rows.addFailure(pictures.get(i).name(), model, errors.get(i));
            }
        }
        return rows;
    }

    /**
     * For folders in which only the server's own kinds of files are looked for.
     *
     * @return no opener
     */
    public static Map<String, Function<Path, Picture>> noOpener() {
        return Collections.emptyMap();
    }

    /** A file by its name in the folder. */
    private static final class Named implements PictureSource {

        private final String name;
        private final Path file;
        private final Function<Path, Picture> opener;

        Named(final String name, final Path file, final Function<Path, Picture> opener) {
            this.name = name;
            this.file = file;
            this.opener = opener;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Picture load() {
            return opener.apply(file).named(name);
        }
    }
}
