import ij.ImagePlus;
import ij.measure.ResultsTable;
import ij.process.ByteProcessor;

import org.zoobridge.imagej.Choices;
import org.zoobridge.imagej.Classifier;
import org.zoobridge.imagej.Target;

/** Classifies the tiles of an image from memory; prints their classes. */
public class Image {

    public static void main(final String... arguments) {
        final ByteProcessor pixels = new ByteProcessor(128, 64);
        for (int i = 0; i < pixels.getPixelCount(); i++) {
            pixels.set(i, i % 128 * 2);
        }
        final ImagePlus image = new ImagePlus("ramp", pixels);
        final ResultsTable table = Classifier.classify(image, new Choices().model(arguments[0]).target(Target.TILES)
                .tileSize(64).overlay(true).summary(true).classMap(true).probabilityMaps(true));
        for (int row = 0; row < table.size(); row++) {
            System.out.println(table.getStringValue("region", row) + ": " + table.getStringValue("label", row));
        }
        System.out.println("drawn: " + (image.getOverlay().size() > 0));
    }
}
