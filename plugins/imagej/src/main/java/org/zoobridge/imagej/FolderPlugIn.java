package org.zoobridge.imagej;

import ij.IJ;
import ij.ImagePlus;
import ij.Prefs;
import ij.measure.ResultsTable;
import ij.plugin.PlugIn;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.zoobridge.client.Answer;
import org.zoobridge.client.BatchListener;
import org.zoobridge.client.ClassifyCall;
import org.zoobridge.client.Picture;
import org.zoobridge.client.PictureSource;
import org.zoobridge.client.PixelBuffer;
import org.zoobridge.client.ResultTable;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.errors.ImageFormatException;
import org.zoobridge.client.errors.InvalidRequestException;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.errors.ZooBridgeException.Facts;
import org.zoobridge.v1.Model;

/**
 * Plugins &gt; ZooBridge &gt; Classify folder…: every picture of a folder through one stream.
 * <p>
 * In a macro: {@code run("Classify folder...", "folder=[/data/my scans] model=digits top=3 recursive save=[/data/out.csv]")}.
 */
public final class FolderPlugIn implements PlugIn {

    private static final String TITLE = "Classify folder...";
    private static final String FOLDER = "zoobridge.folder";
    /** Files that the server decodes by itself. */
    private static final Set<String> SENT_AS_THEY_ARE =
            new HashSet<>(Arrays.asList("png", "jpg", "jpeg", "tif", "tiff", "bmp"));
    /** Files that ImageJ opens and the server does not. */
    private static final Set<String> OPENED_HERE = new HashSet<>(Arrays.asList("gif", "dcm", "pgm", "fits", "fit"));

    @Override
    public void run(final String argument) {
        Failure.guard(TITLE, () -> {
            final MacroOptions options = MacroOptions.current();
            if (options == null) {
                final FolderDialog dialog = new FolderDialog(Prefs.get(FOLDER, ""));
                final Choices choices = dialog.ask();
                if (choices != null) {
                    Prefs.set(FOLDER, dialog.folder());
                    classify(dialog.folder(), dialog.recursive(), choices, dialog.save());
                }
            } else {
                classify(options.text("folder", ""), options.flag("recursive"), Choices.of(options),
                        options.text("save", ""));
            }
        });
    }

    /**
     * Classifies every picture of a folder and appends to the table of results, one row for each plane. Rows that are
     * there when the run is cancelled or fails stay.
     *
     * @param folder    the folder
     * @param recursive whether its subfolders are looked into
     * @param choices   model, framework and number of classes
     * @param save      CSV file to write; empty for none
     * @return the rows of this run
     */
    public static ResultsTable classify(final String folder, final boolean recursive, final Choices choices,
            final String save) {
        Classifier.requireModel(choices.model());
        final List<PictureSource> pictures = pictures(Paths.get(folder), recursive);
        final ZooBridge zoo = Connection.current();
        final Model model = zoo.model(choices.model()).getModel();
        final Map<Integer, Answer> answers = new TreeMap<>();
        final Map<Integer, ZooBridgeException> errors = new TreeMap<>();
        try (Run run = new Run("Classifying " + pictures.size() + " pictures")) {
            final ClassifyCall call = zoo.classify(choices.model()).cancellation(run.cancellation())
                    .progress(run.progress(0, 1));
            choices.apply(call);
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
        } finally {
            keep(pictures, answers, errors, model, save);
        }
        final ResultsTable table = Tables.table(rows(pictures, answers, errors, model));
        if (!errors.isEmpty()) {
            IJ.log("ZooBridge: " + errors.size() + " of " + pictures.size() + " pictures failed; the column \""
                    + ResultTable.ERROR + "\" says why.");
        }
        return table;
    }

    private static void keep(final List<PictureSource> pictures, final Map<Integer, Answer> answers,
            final Map<Integer, ZooBridgeException> errors, final Model model, final String save) {
        if (answers.isEmpty() && errors.isEmpty()) {
            return;
        }
        final ResultTable rows = rows(pictures, answers, errors, model);
        Tables.append(Tables.RESULTS, rows);
        if (!save.isEmpty()) {
            try {
                Files.write(Paths.get(save), rows.csv().getBytes(StandardCharsets.UTF_8));
            } catch (IOException error) {
                throw new InvalidRequestException(new Facts("The table cannot be saved as " + save + " (" + error
                        + "); choose another place. Its rows are in the window " + Tables.RESULTS + ".")
                        .reason("INVALID_REQUEST").field("save").cause(error));
            }
        }
    }

    private static ResultTable rows(final List<PictureSource> pictures, final Map<Integer, Answer> answers,
            final Map<Integer, ZooBridgeException> errors, final Model model) {
        final ResultTable rows = new ResultTable();
        for (int i = 0; i < pictures.size(); i++) {
            if (answers.containsKey(i)) {
                rows.add(answers.get(i), model.getLabelsList());
            } else if (errors.containsKey(i)) {
                rows.addFailure(pictures.get(i).name(), model.getId(), errors.get(i));
            }
        }
        return rows;
    }

    private static List<PictureSource> pictures(final Path folder, final boolean recursive) {
        final List<PictureSource> sources = new ArrayList<>();
        try (Stream<Path> files = Files.walk(folder, recursive ? Integer.MAX_VALUE : 1)) {
            for (final Path file : files.filter(Files::isRegularFile).sorted().collect(Collectors.toList())) {
                final String extension = extension(file);
                if (SENT_AS_THEY_ARE.contains(extension)) {
                    sources.add(named(folder, file));
                } else if (OPENED_HERE.contains(extension)) {
                    sources.add(opened(folder, file));
                }
            }
        } catch (IOException error) {
            throw new InvalidRequestException(new Facts("The folder \"" + folder + "\" cannot be read; choose one that "
                    + "exists and that you may read.").reason("INVALID_REQUEST").field("folder").cause(error));
        }
        if (sources.isEmpty()) {
            throw new InvalidRequestException(new Facts("There is no picture (PNG, JPEG, TIFF, BMP, GIF, DICOM, PGM, "
                    + "FITS) in \"" + folder + "\".").reason("INVALID_REQUEST").field("folder"));
        }
        return sources;
    }

    private static String extension(final Path file) {
        final String name = file.getFileName().toString();
        return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    }

    private static String name(final Path folder, final Path file) {
        return folder.relativize(file).toString().replace('\\', '/');
    }

    private static PictureSource named(final Path folder, final Path file) {
        return new PictureSource() {
            @Override
            public String name() {
                return FolderPlugIn.name(folder, file);
            }

            @Override
            public Picture load() {
                return Picture.file(file).named(name());
            }
        };
    }

    private static PictureSource opened(final Path folder, final Path file) {
        return new PictureSource() {
            @Override
            public String name() {
                return FolderPlugIn.name(folder, file);
            }

            @Override
            public Picture load() {
                final ImagePlus image = IJ.openImage(file.toString());
                if (image == null) {
                    throw new ImageFormatException(new Facts("ImageJ cannot open " + file + ".")
                            .reason("IMAGE_FORMAT").field("image"));
                }
                final PixelReader reader = new PixelReader(image);
                final List<Map<String, Integer>> planes = reader.allPlanes();
                final PixelBuffer buffer = Picture.pixels(name(), reader.type(), "P" + reader.planeAxes(),
                        shape(reader, planes.size()));
                for (final Map<String, Integer> plane : planes) {
                    reader.copy(plane, buffer);
                }
                image.close();
                return buffer.picture();
            }
        };
    }

    private static int[] shape(final PixelReader reader, final int planes) {
        final String axes = reader.planeAxes();
        final int[] shape = new int[axes.length() + 1];
        shape[0] = planes;
        for (int i = 0; i < axes.length(); i++) {
            shape[i + 1] = axes.charAt(i) == 'X' ? reader.width() : axes.charAt(i) == 'Y' ? reader.height()
                    : reader.channels();
        }
        return shape;
    }
}
