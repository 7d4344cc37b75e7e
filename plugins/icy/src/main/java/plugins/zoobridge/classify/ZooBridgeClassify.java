package plugins.zoobridge.classify;

import icy.gui.dialog.MessageDialog;
import icy.gui.frame.IcyFrame;
import icy.gui.frame.progress.CancelableProgressFrame;
import icy.main.Icy;
import icy.plugin.abstract_.PluginActionable;
import icy.plugin.interface_.PluginThreaded;
import icy.system.thread.ThreadUtil;

import java.awt.BorderLayout;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

import javax.swing.JFileChooser;
import javax.swing.JOptionPane;
import javax.swing.JPanel;

import org.zoobridge.client.Cancellation;
import org.zoobridge.client.OwnWords;
import org.zoobridge.client.Progress;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.connection.ServerChoice;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.options.Words;
import org.zoobridge.client.results.ClassSummary;
import org.zoobridge.client.results.ResultTable;
import org.zoobridge.client.ui.ServerPanel;
import org.zoobridge.icy.Choices;
import org.zoobridge.icy.ClassifyForm;
import org.zoobridge.icy.FolderClassifier;
import org.zoobridge.icy.ResultsPanel;
import org.zoobridge.icy.SequenceClassifier;
import org.zoobridge.icy.SequenceTrainer;
import org.zoobridge.icy.adapter.IcySequence;
import org.zoobridge.icy.adapter.IcySettings;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Framework;
import org.zoobridge.v1.Model;
import org.zoobridge.v1.PublishedModel;

/**
 * Classify with ZooBridge: the window in which a person chooses a model and what of the active sequence to classify.
 * <p>
 * Without a display it reads its choices from the command line:
 * {@code java -jar icy.jar -hl image.tif -x plugins.zoobridge.classify.ZooBridgeClassify model=digits target=Planes}.
 */
public final class ZooBridgeClassify extends PluginActionable implements PluginThreaded {

    private static final String TITLE = "ZooBridge";
    private static final int WIDTH = 560;
    private static final int HEIGHT = 640;

    private IcySettings settings;
    private ClassifyForm form;
    private ResultsPanel results;

    @Override
    public void run() {
        settings = new IcySettings(ZooBridgeClassify.class);
        if (Icy.getMainInterface().isHeadLess()) {
            runHeadless();
            return;
        }
        ThreadUtil.invokeNow(() -> {
            form = new ClassifyForm(this::classifySequence, this::chooseFolder, this::refresh, this::chooseServer,
                    this::train);
            results = new ResultsPanel();
            final JPanel panel = new JPanel(new BorderLayout());
            panel.add(form, BorderLayout.NORTH);
            panel.add(results, BorderLayout.CENTER);
            final IcyFrame frame = new IcyFrame("Classify with ZooBridge", true, true, true, true);
            frame.add(panel);
            frame.setSize(WIDTH, HEIGHT);
            frame.addToDesktopPane();
            frame.center();
            frame.setVisible(true);
            frame.requestFocus();
        });
        refresh();
    }

    private void runHeadless() {
        final Map<String, String> words = new HashMap<>();
        for (final String word : Icy.getCommandLinePluginArgs()) {
            final int equals = word.indexOf('=');
            if (equals > 0) {
                words.put(word.substring(0, equals), word.substring(equals + 1));
            }
        }
        final List<String> known = new ArrayList<>(Choices.KEYS);
        known.addAll(Arrays.asList("address", "tls", "ca", "token", "folder", "recursive", Choices.SERIES));
        final Words options = Words.of(words).expecting("ZooBridgeClassify", known);
        final ServerChoice server = settings.server().changed(words::get);
        if (options.has("folder")) {
            try (ZooBridge zoo = ZooBridge.connect(server.endpoint())) {
                final FolderClassifier folder = new FolderClassifier(zoo, Paths.get(options.text("folder", "")),
                        options.flag("recursive"));
                try {
                    folder.classify(Choices.of(words), (done, total) -> { }, new Cancellation());
                } finally {
                    System.out.print(folder.table().csv());
                    folder.warnings().forEach(System.err::println);
                }
            }
            return;
        }
        try (ZooBridge zoo = ZooBridge.connect(server.endpoint())) {
            final IcySequence sequence = new IcySequence(getActiveSequence());
            new SequenceClassifier(zoo).classify(sequence, Choices.of(words), (done, total) -> { },
                    new Cancellation(), outcome -> {
                        sequence.write(outcome.classes());
                        System.out.print(outcome.table().csv());
                        outcome.warnings().forEach(System.err::println);
                    });
        }
    }

    private void refresh() {
        ThreadUtil.bgRun(() -> {
            try (ZooBridge zoo = settings.connect()) {
                final String chosen = settings.model();
                final List<Framework> frameworks = zoo.frameworks();
                final List<Model> models = zoo.models();
                final Map<String, String> refused = getActiveSequence() == null ? Collections.emptyMap()
                        : new SequenceClassifier(zoo).refusals(new IcySequence(getActiveSequence()), models);
                ThreadUtil.invokeLater(() -> form.offer(frameworks, models, chosen, refused));
            } catch (ZooBridgeException error) {
                ThreadUtil.invokeLater(() -> form.show(sentence(error)));
            }
        });
    }

    private void chooseServer() {
        final ServerPanel panel = new ServerPanel(settings.server());
        final int answer = JOptionPane.showConfirmDialog(form, panel, "Server", JOptionPane.OK_CANCEL_OPTION,
                JOptionPane.PLAIN_MESSAGE);
        if (answer == JOptionPane.OK_OPTION) {
            try {
                settings.server(panel.choice());
                refresh();
            } catch (ZooBridgeException error) {
                tell(error);
            }
        }
    }

    private void classifySequence() {
        final Map<String, String> words = form.words();
        inBackground("Classifying", work -> {
            final Choices choices = Choices.of(words);
            settings.model(choices.requireModel());
            final IcySequence sequence = new IcySequence(getActiveSequence());
            final SequenceClassifier classifier = new SequenceClassifier(work.zoo);
            classifier.classify(sequence, choices,
                    work.counting(() -> count(work, classifier.summary(), sequence.pixelArea(), "um")), work.stop,
                    outcome -> {
                        sequence.write(outcome.classes());
                        show(outcome.table(), outcome.warnings());
                        count(work, outcome.summary(), sequence.pixelArea(), "um");
                    });
        });
    }

    private void chooseFolder() {
        final JFileChooser folders = new JFileChooser();
        folders.setDialogTitle("Folder with pictures");
        folders.setFileSelectionMode(JFileChooser.DIRECTORIES_ONLY);
        if (folders.showOpenDialog(form) != JFileChooser.APPROVE_OPTION) {
            return;
        }
        final Map<String, String> words = form.words();
        inBackground("Classifying a folder", work -> {
            final FolderClassifier folder = new FolderClassifier(work.zoo, folders.getSelectedFile().toPath(), true);
            try {
                folder.classify(Choices.of(words), work.counting(() -> count(work, folder.summary(), 1, "pixel")),
                        work.stop);
            } finally {
                show(folder.table(), folder.warnings());
                count(work, folder.summary(), 1, "pixel");
            }
        });
    }

    private void train() {
        final String name = JOptionPane.showInputDialog(form, "Name of the model; the ROIs' names are their classes",
                "Train", JOptionPane.PLAIN_MESSAGE);
        if (name == null || name.trim().isEmpty()) {
            return;
        }
        inBackground("Training", work -> {
            final SequenceTrainer trainer = new SequenceTrainer(work.zoo);
            final PublishedModel model = trainer.train(new IcySequence(getActiveSequence()), name.trim(),
                    work.counting(() -> work.frame.setMessage("Training " + work.done)), work.stop);
            settings.model(model.getId());
            refresh();
            ThreadUtil.invokeLater(() -> JOptionPane.showMessageDialog(form, "\"" + name.trim() + "\" is in the zoo. "
                    + trainer.figures(), TITLE, JOptionPane.INFORMATION_MESSAGE));
        });
    }

    /** Shows classes and counts in the progress frame and above the table. */
    private void count(final Work work, final List<ClassSummary> summary, final double area, final String unit) {
        final String line = ClassSummary.line(summary);
        final String csv = ClassSummary.csv(summary, area, unit);
        work.frame.setMessage(work.done + line);
        ThreadUtil.invokeLater(() -> results.count(line, csv));
    }

    private void show(final ResultTable table, final List<String> warnings) {
        ThreadUtil.invokeLater(() -> {
            results.append(table);
            results.warn(warnings);
        });
    }

    /** Works with a progress frame whose button cancels here and on the server; a failure is one dialog. */
    private void inBackground(final String doing, final Consumer<Work> task) {
        ThreadUtil.bgRun(() -> {
            final CancelableProgressFrame frame = new CancelableProgressFrame(doing);
            final Cancellation stop = new Cancellation();
            final Thread watcher = watch(frame, stop);
            try (ZooBridge zoo = settings.connect()) {
                task.accept(new Work(zoo, frame, stop));
            } catch (ZooBridgeException error) {
                tell(error);
            } finally {
                watcher.interrupt();
                frame.close();
            }
        });
    }

    private static String sentence(final ZooBridgeException error) {
        return OwnWords.sentence(error) + (error.reason() == ErrorReason.ERROR_REASON_TOKEN
                || error.reason() == ErrorReason.ERROR_REASON_SERVER_UNAVAILABLE
                ? " \"Server…\" takes address, certificate and token." : "");
    }

    private static void tell(final ZooBridgeException error) {
        final String kept = error.answered() == 0 ? "" : "\n" + error.answered() + " of " + error.asked()
                + " were done before that; their rows are in the table.";
        if (error.reason() != ErrorReason.ERROR_REASON_CANCELLED || !kept.isEmpty()) {
            MessageDialog.showDialog(TITLE, sentence(error) + kept, MessageDialog.ERROR_MESSAGE);
        }
    }

    /** The frame's button exists only after a while, so it is asked rather than listened to. */
    private static Thread watch(final CancelableProgressFrame frame, final Cancellation stop) {
        final Thread watcher = new Thread(() -> {
            try {
                while (!frame.isCancelRequested()) {
                    Thread.sleep(100);
                }
                stop.cancel();
            } catch (InterruptedException finished) {
                Thread.currentThread().interrupt();
            }
        }, "ZooBridge cancel");
        watcher.setDaemon(true);
        watcher.start();
        return watcher;
    }

    /** What a task works with. */
    private static final class Work {

        private static final long COUNT_NANOS = 200_000_000;

        private final ZooBridge zoo;
        private final CancelableProgressFrame frame;
        private final Cancellation stop;
        private String done = "";
        private long counted = System.nanoTime();

        Work(final ZooBridge zoo, final CancelableProgressFrame frame, final Cancellation stop) {
            this.zoo = zoo;
            this.frame = frame;
            this.stop = stop;
        }

        /** Progress in the frame; the classes are counted now and then, since that takes longer with every item. */
        Progress counting(final Runnable count) {
            return (items, total) -> {
                frame.setLength(Math.max(1, total));
                frame.setPosition(items);
                done = items + "/" + total + " ";
                if (System.nanoTime() - counted > COUNT_NANOS) {
                    count.run();
                    counted = System.nanoTime();
                }
            };
        }
    }
}
