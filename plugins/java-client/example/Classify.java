import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.zoobridge.client.Answer;
import org.zoobridge.client.BatchListener;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.pixels.PictureSource;
import org.zoobridge.client.results.ResultTable;

/**
 * Classifies pictures and prints the results as CSV: {@code java -cp ZooBridge_-0.1.0.jar Classify.java MODEL FILE…}
 * (Java 11 or newer runs it as it is).
 */
public final class Classify {

    private Classify() {
    }

    public static void main(final String... arguments) {
        if (arguments.length < 2) {
            System.err.println("Usage: java -cp ZooBridge_-0.1.0.jar Classify.java MODEL FILE...");
            System.exit(2);
        }
        final List<PictureSource> pictures = new ArrayList<>();
        for (int i = 1; i < arguments.length; i++) {
            pictures.add(PictureSource.file(Paths.get(arguments[i])));
        }
        try (ZooBridge zoo = ZooBridge.connect()) {
            final List<String> labels = zoo.model(arguments[0]).getModel().getLabelsList();
            // Answers come in the order in which they are done; the table is to be in the order of the files.
            final ResultTable[] rows = new ResultTable[pictures.size()];
            zoo.classify(arguments[0]).topK(2).runAll(pictures, new BatchListener() {
                @Override
                public void answered(final int picture, final Answer answer) {
                    rows[picture] = new ResultTable();
                    rows[picture].add(answer, labels);
                }

                @Override
                public void failed(final int picture, final String name, final ZooBridgeException error) {
                    rows[picture] = new ResultTable();
                    rows[picture].addFailure(name, arguments[0], error);
                }
            });
            System.out.print(ResultTable.joined(Arrays.asList(rows)).csv());
        } catch (ZooBridgeException error) {
            System.err.println(error.getMessage());
            System.exit(1);
        }
    }
}
