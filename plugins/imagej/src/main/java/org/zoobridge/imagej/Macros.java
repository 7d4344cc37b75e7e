package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.WindowManager;
import ij.gui.Roi;
import ij.measure.ResultsTable;

import java.util.Collections;

import java.util.function.Supplier;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.options.Words;
import org.zoobridge.v1.ErrorReason;

/**
 * Functions for macros that return what happened instead of ending the macro:
 * {@code result = call("org.zoobridge.imagej.Macros.classify", "model=digits target=Tiles")}.
 * <p>
 * A result reads {@code rows=12 failed=0 grass=7 brick=5}, or {@code error=[sentence] reason=UNKNOWN_MODEL}.
 */
public final class Macros {

    private Macros() {
    }

    /**
     * Classifies the image that is in front.
     *
     * @param options as in {@code run("Classify...", options)}
     * @return what happened
     */
    public static String classify(final String options) {
        return result(() -> Classifier.run(ClassifyPlugIn.currentImage(),
                Choices.of(words(ClassifyPlugIn.TITLE, options))));
    }

    /**
     * Compares models on the image that is in front.
     *
     * @param options as in {@code run("Compare models...", options)}
     * @return what happened
     */
    public static String compare(final String options) {
        return result(() -> {
            final ImagePlus image = ClassifyPlugIn.currentImage();
            final Words words = Words.of(options).expecting(ComparePlugIn.TITLE, Choices.COMPARE_KEYS);
            return ComparePlugIn.run(image, words.list("models"), Choices.of(words));
        });
    }

    /**
     * Classifies a folder.
     *
     * @param options as in {@code run("Classify folder...", options)}
     * @return what happened
     */
    public static String folder(final String options) {
        return result(() -> FolderPlugIn.run(Words.of(options).expecting(FolderPlugIn.TITLE, FolderPlugIn.KEYS)));
    }

    /**
     * Gives a class to the region of a row.
     *
     * @param row   index from 0 in the table <i>ZooBridge Results</i>
     * @param label the class
     * @return what happened: {@code corrected=1}, or an error
     */
    public static String correct(final String row, final String label) {
        return result(() -> {
            final ResultsTable table = ResultsTable.getResultsTable(Tables.RESULTS);
            final int index = Words.of(Collections.singletonMap("row", row)).number("row", 0);
            if (table == null || index >= table.size()) {
                throw wrong("There is no row " + row + " in the table " + Tables.RESULTS + ".");
            }
            final ImagePlus image = WindowManager.getImage(RegionLinks.text(table, "image", index));
            final Roi drawing = image == null ? null : RegionLinks.drawing(image, index);
            if (drawing == null) {
                throw wrong("The region of row " + row + " is not drawn. Classify with overlay, and keep the image open.");
            }
            Corrections.correct(image, drawing, label);
            return "corrected=1";
        });
    }

    private static ZooBridgeException wrong(final String sentence) {
        return ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST, sentence).field("row");
    }

    private static Words words(final String title, final String options) {
        return Words.of(options).expecting(title, Choices.KEYS);
    }

    private static String result(final Supplier<?> command) {
        try {
            return command.get().toString();
        } catch (ZooBridgeException error) {
            return "error=[" + Failure.sentence(error).replace('\n', ' ') + "] reason=" + error.reasonName();
        }
    }

    /**
     * A value of a result.
     *
     * @param result what a function returned
     * @param key    {@code rows}, {@code failed}, {@code error}, {@code reason}, or a class
     * @return the value; empty if the result has none of that name
     */
    public static String get(final String result, final String key) {
        return Words.of(result).text(key, "");
    }

    /**
     * Ends ImageJ, which {@code -batch} always ends with 0: {@code call("org.zoobridge.imagej.Macros.exit", "1")}.
     *
     * @param status the status for the shell
     */
    public static void exit(final String status) {
        System.exit(Integer.parseInt(status.trim()));
    }
}
