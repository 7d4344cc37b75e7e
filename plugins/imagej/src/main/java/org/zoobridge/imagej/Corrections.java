package org.zoobridge.imagej;

import ij.IJ;
import ij.ImagePlus;
import ij.gui.Roi;
import ij.gui.TextRoi;
import ij.io.FileInfo;
import ij.io.FileSaver;
import ij.measure.ResultsTable;

import java.awt.Rectangle;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.results.ResultTable;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Model;

/**
 * Classes that a person gave to drawn regions, and their way to <i>zoobridge train</i>: a CSV with the columns
 * {@code path}, {@code label} and {@code region} ({@code x,y,width,height} in pixels; empty for a whole picture).
 */
final class Corrections {

    /** Column of the table of results. */
    static final String COLUMN = "corrected";

    private static final String HEADER = "path,label,region\n";
    private static final Map<String, Model> MODELS = new ConcurrentHashMap<>();

    private Corrections() {
    }

    /** Remembers whose classes are offered for a model's regions. */
    static void remember(final Model model) {
        MODELS.put(model.getId(), model);
    }

    /** Classes to offer for a region: its model's, then those that other regions were given. */
    static Set<String> classes(final ImagePlus image, final Roi drawing) {
        final Set<String> classes = new LinkedHashSet<>();
        final Model model = model(drawing);
        if (model != null) {
            classes.addAll(model.getLabelsList());
        }
        for (final Roi roi : image.getOverlay().toArray()) {
            if (Drawings.isAnswer(roi)) {
                classes.add(Drawings.label(roi));
            }
        }
        return classes;
    }

    private static Model model(final Roi drawing) {
        return MODELS.get(String.valueOf(drawing.getProperty(Drawings.MODEL)));
    }

    /**
     * Gives a class to a region, which is drawn in its colour from now on; the table says so in {@code corrected}.
     *
     * @param image   the image
     * @param drawing a region drawn by this plugin
     * @param label   the class
     */
    static void correct(final ImagePlus image, final Roi drawing, final String label) {
        final int row = RegionLinks.row(image, drawing);
        Drawings.recolor(image, drawing, label, model(drawing));
        final ResultsTable table = ResultsTable.getResultsTable(Tables.RESULTS);
        if (row >= 0) {
            if (!table.columnExists(COLUMN)) {
                for (int i = 0; i < table.size(); i++) {
                    table.setValue(COLUMN, i, "");
                }
            }
            table.setValue(COLUMN, row, label);
            Tables.show(table, Tables.RESULTS);
        }
    }

    /**
     * Writes classes as annotations. What the file holds of the same regions is replaced, the rest stays.
     * <p>
     * A picture that is a stack, or that is not the file it was opened from, is saved plane by plane beside the table.
     *
     * @param image an image with drawings
     * @param file  the CSV file
     * @param all   whether regions that nobody corrected go too, with the model's class
     * @return how many regions were written
     */
    static int export(final ImagePlus image, final Path file, final boolean all) {
        final Map<String, String> lines = new LinkedHashMap<>();
        final Set<String> seen = new LinkedHashSet<>();
        try {
            if (Files.exists(file)) {
                read(file, lines);
            }
            for (final Roi roi : image.getOverlay() == null ? new Roi[0] : image.getOverlay().toArray()) {
                final String corrected = roi.getProperty(Drawings.CORRECTED);
                final boolean label = roi instanceof TextRoi && !Drawings.isWhole(roi);
                if (Drawings.isAnswer(roi) && !label && (all || corrected != null)) {
                    final String path = picture(image, Drawings.plane(roi), file);
                    final String key = ResultTable.line(Arrays.asList(path, region(roi)));
                    lines.put(key, ResultTable.line(Arrays.asList(path, Drawings.label(roi), region(roi))));
                    seen.add(key);
                }
            }
            if (seen.isEmpty()) {
                throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                        "Nothing was corrected in " + image.getTitle() + ". Right-click "
                        + "a drawn region and choose its class, or export all.");
            }
            Files.write(file, (HEADER + String.join("", lines.values())).getBytes(StandardCharsets.UTF_8));
        } catch (IOException error) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                    "The annotations cannot be written to " + file + " (" + error
                    + "); choose another place.").field("save").causedBy(error);
        }
        return seen.size();
    }

    private static void read(final Path file, final Map<String, String> lines) throws IOException {
        final List<List<String>> rows = ResultTable.parse(
                new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
        if (rows.isEmpty() || !ResultTable.line(rows.get(0)).equals(HEADER)) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                    file + " is not a table of annotations by ZooBridge (" + HEADER.trim()
                    + "); choose another name.").field("save");
        }
        for (final List<String> row : rows.subList(1, rows.size())) {
            lines.put(ResultTable.line(Arrays.asList(row.get(0), row.get(2))), ResultTable.line(row));
        }
    }

    private static String region(final Roi roi) {
        if (Drawings.isWhole(roi)) {
            return "";
        }
        final Rectangle box = roi.getBounds();
        return box.x + "," + box.y + "," + box.width + "," + box.height;
    }

    /** The file with a plane's pixels: the one that was opened, or one that is written beside the table. */
    private static String picture(final ImagePlus image, final String plane, final Path file) throws IOException {
        final FileInfo opened = image.getOriginalFileInfo();
        if (image.getStackSize() == 1 && !image.changes && opened != null && opened.directory != null
                && opened.fileName != null && Files.isRegularFile(Paths.get(opened.directory, opened.fileName))) {
            return Paths.get(opened.directory, opened.fileName).toString();
        }
        final Path folder = file.toAbsolutePath().getParent().resolve("annotated pictures");
        Files.createDirectories(folder);
        final String name = image.getTitle().replaceAll("[^\\w. -]", "_")
                + (plane.isEmpty() ? "" : " " + plane.replace(",", " ")) + ".tif";
        final Path target = folder.resolve(name);
        final ImagePlus alone = Drawings.planeOf(image, plane);
        if (!new FileSaver(alone).saveAsTiff(target.toString())) {
            throw new IOException("ImageJ cannot save " + target);
        }
        return target.toString();
    }

    /** Drawn regions of a class, of an image's overlay. */
    static List<Roi> ofClass(final ImagePlus image, final String label) {
        final List<Roi> found = new ArrayList<>();
        if (image != null && image.getOverlay() != null) {
            for (final Roi roi : image.getOverlay().toArray()) {
                if (Drawings.isAnswer(roi) && label.equals(Drawings.label(roi))) {
                    found.add(roi);
                }
            }
        }
        return found;
    }

    static void say(final int count, final Path file) {
        IJ.showStatus(count + " annotations are in " + file);
    }
}
