package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.Prefs;
import ij.measure.ResultsTable;
import ij.plugin.PlugIn;

import java.util.ArrayList;
import java.util.List;

import org.zoobridge.client.Answer;
import org.zoobridge.client.ItemAnswer;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.jobs.ImageJob;
import org.zoobridge.client.jobs.ImageRun;
import org.zoobridge.client.options.Words;
import org.zoobridge.client.results.ResultTable;
import org.zoobridge.imagej.dialogs.CompareDialog;

/**
 * Plugins &gt; ZooBridge &gt; Compare models…: several models on the same pixels, a row for each item and model.
 * <p>
 * In a macro: {@code run("Compare models...", "models=[digits, textures] target=[ROI Manager] top=1")}.
 */
public final class ComparePlugIn implements PlugIn {

    /** Column with the share of the compared models whose best class is this row's. */
    static final String AGREEMENT = "agreement";

    static final String TITLE = "Compare models...";
    private static final String MODELS = "zoobridge.models";

    @Override
    public void run(final String argument) {
        Failure.guard(TITLE, () -> {
            final ImagePlus image = ClassifyPlugIn.currentImage();
            final Words options = MacroOptions.current(TITLE, Choices.COMPARE_KEYS);
            if (options != null) {
                compare(image, options.list("models"), Choices.of(options));
                return;
            }
            final CompareDialog dialog = CompareDialog.ask(image, Words.split(Prefs.get(MODELS, "")));
            if (dialog != null) {
                Prefs.set(MODELS, String.join(",", dialog.models()));
                compare(image, dialog.models(), dialog.choices());
            }
        });
    }

    /**
     * Classifies the same pixels with several models and appends to the table of results. Rows that are there when the
     * run is cancelled or fails stay, without agreement.
     *
     * @param image   an open image
     * @param models  their references
     * @param choices what to classify; the model in it is not looked at
     * @return the rows of this run, with the column {@code agreement}
     */
    public static ResultsTable compare(final ImagePlus image, final List<String> models, final Choices choices) {
        return run(image, models, choices).table();
    }

    static Outcome run(final ImagePlus image, final List<String> models, final Choices choices) {
        choices.model(models.isEmpty() ? "" : models.get(0)).requireModel();
        choices.requireChannels(new PixelReader(image).channels());
        final ImageJob job = new Places(image).job(choices);
        final ZooBridge zoo = Connection.current();
        // Asked beforehand: a model that is not there is found out before any other has worked.
        final List<List<String>> labels = new ArrayList<>();
        for (final String model : models) {
            labels.add(zoo.model(model).getModel().getLabelsList());
        }
        final List<Answer> answers = new ArrayList<>();
        final ResultTable rows = new ResultTable(1);
        try (Run run = new Run("Comparing " + models.size() + " models")) {
            job.read(zoo.limits());
            for (int i = 0; i < models.size(); i++) {
                final ImageRun work = job.with(zoo, models.get(i), call -> {
                    choices.apply(call);
                    call.cancellation(run.cancellation());
                });
                try {
                    answers.add(work.classify(run.progress(i, models.size())));
                } catch (ZooBridgeException error) {
                    error.endedAfter(i * job.size() + error.answered(), models.size() * job.size());
                    throw error;
                } finally {
                    Rows.add(rows, work.answer(), labels.get(i), job.tags(), image);
                    Classifier.log(image.getTitle(), work.answer());
                }
            }
            addAgreement(rows, answers);
        } finally {
            Tables.append(Tables.RESULTS, rows);
        }
        return Outcome.of(Tables.table(rows), answers, 0);
    }

    private static void addAgreement(final ResultTable rows, final List<Answer> answers) {
        int row = 0;
        for (final Answer answer : answers) {
            for (int item = 0; item < answer.items().size(); item++) {
                final String label = best(answer.items().get(item));
                int same = 0;
                for (final Answer other : answers) {
                    same += best(other.items().get(item)).equals(label) ? 1 : 0;
                }
                if (!label.isEmpty()) {
                    rows.set(row, AGREEMENT, (double) same / answers.size());
                }
                row++;
            }
        }
    }

    private static String best(final ItemAnswer item) {
        return item.top().isEmpty() ? "" : item.top().get(0).label();
    }
}
