package org.zoobridge.imagej;

import ij.ImagePlus;

import java.util.function.Supplier;

import org.zoobridge.client.Words;
import org.zoobridge.client.errors.ZooBridgeException;

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

    private static Words words(final String title, final String options) {
        return Words.of(options).expecting(title, Choices.KEYS);
    }

    private static String result(final Supplier<Outcome> command) {
        try {
            return command.get().toString();
        } catch (ZooBridgeException error) {
            return "error=[" + Failure.sentence(error).replace('\n', ' ') + "] reason=" + error.reason();
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
