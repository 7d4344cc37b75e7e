package org.zoobridge.icy;

import java.awt.BorderLayout;
import java.awt.FlowLayout;
import java.awt.GridLayout;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import javax.swing.BorderFactory;
import javax.swing.JButton;
import javax.swing.JCheckBox;
import javax.swing.JComboBox;
import javax.swing.JComponent;
import javax.swing.JLabel;
import javax.swing.JPanel;
import javax.swing.JTextArea;
import javax.swing.JTextField;

import org.zoobridge.client.ModelFacts;
import org.zoobridge.v1.Framework;
import org.zoobridge.v1.Model;

/** The form of the plugin's window. For the event thread; what its buttons do is given to it. */
public final class ClassifyForm extends JPanel {

    private static final long serialVersionUID = 1L;

    private static final int NOTE_ROWS = 3;
    private static final int NOTE_COLUMNS = 44;
    private static final int GAP = 8;

    private final JComboBox<String> framework = new JComboBox<>(new String[] {Choices.AUTOMATIC});
    private final JComboBox<String> model = new JComboBox<>();
    private final JComboBox<Target> target = new JComboBox<>(Target.values());
    private final JTextField frames = new JTextField();
    private final JTextField slices = new JTextField();
    private final JTextField channels = new JTextField();
    private final JTextField series = new JTextField();
    private final JTextField intensity = new JTextField(Choices.AUTOMATIC);
    private final JTextField top = new JTextField("3");
    private final JTextField tileSize = new JTextField("128");
    private final JCheckBox allScores = new JCheckBox("All scores");
    private final JTextArea note = new JTextArea(NOTE_ROWS, NOTE_COLUMNS);
    private final JButton run = new JButton("Classify");
    private final JButton folder = new JButton("Folder…");
    private final JButton refresh = new JButton("Refresh");
    private final JButton server = new JButton("Server…");
    private final JButton train = new JButton("Train…");
    private final transient Map<String, Model> models = new LinkedHashMap<>();
    private transient Map<String, String> refusals = Collections.emptyMap();

    /**
     * Makes the form.
     *
     * @param onRun     classifies the active sequence
     * @param onFolder  classifies a folder
     * @param onRefresh asks the server for its models again
     * @param onServer  chooses another server
     * @param onTrain   trains a model on the ROIs of the active sequence
     */
    public ClassifyForm(final Runnable onRun, final Runnable onFolder, final Runnable onRefresh,
            final Runnable onServer, final Runnable onTrain) {
        super(new BorderLayout());
        final JPanel fields = new JPanel(new GridLayout(0, 2, 4, 4));
        field(fields, "model", "Model", model);
        field(fields, "target", "Target", target);
        field(fields, "t", "T (from 0; empty: shown; all; 0-4,7)", frames);
        field(fields, "z", "Z (from 0; empty: shown; all; 0-4,7)", slices);
        field(fields, "channels", "Channels (from 0; empty: all)", channels);
        intensity.setToolTipText("automatic, as_is, dtype_range, unit_range, min_max, or the two intensities that "
                + "become the ends of the model's range, such as 0,4095");
        field(fields, "intensity", "Intensity", intensity);
        field(fields, Choices.SERIES, "Series of files (from 0; empty: first)", series);
        field(fields, "top", "Classes to name", top);
        field(fields, "tile_size", "Tile size (pixels)", tileSize);
        field(fields, "framework", "Run with", framework);
        field(fields, "all_scores", "", allScores);
        setBorder(BorderFactory.createEmptyBorder(GAP, GAP, 0, GAP));
        add(fields, BorderLayout.NORTH);
        note.setEditable(false);
        note.setLineWrap(true);
        note.setWrapStyleWord(true);
        note.setOpaque(false);
        add(note, BorderLayout.CENTER);
        final JPanel buttons = new JPanel(new FlowLayout(FlowLayout.RIGHT));
        buttons.add(server);
        buttons.add(refresh);
        buttons.add(train);
        buttons.add(folder);
        buttons.add(run);
        add(buttons, BorderLayout.SOUTH);
        run.setName("run");
        folder.setName("folder");
        note.setName("note");
        run.addActionListener(event -> onRun.run());
        folder.addActionListener(event -> onFolder.run());
        refresh.addActionListener(event -> onRefresh.run());
        server.addActionListener(event -> onServer.run());
        train.setName("train");
        train.setToolTipText("Train a model on the ROIs of the active sequence, whose names are their classes");
        train.addActionListener(event -> onTrain.run());
        framework.addActionListener(event -> explain());
        model.addActionListener(event -> explain());
        enable("Looking for a server…", false);
    }

    private static void field(final JPanel panel, final String name, final String label, final JComponent component) {
        component.setName(name);
        panel.add(new JLabel(label));
        panel.add(component);
    }

    /**
     * Offers what a server has; models that fit come first.
     *
     * @param frameworks all frameworks
     * @param all        all models
     * @param chosen     the model to select, if it is there
     * @param refused    why a model cannot look at the active sequence, by its reference; empty if none is open
     */
    public void offer(final List<Framework> frameworks, final List<Model> all, final String chosen,
            final Map<String, String> refused) {
        refusals = refused;
        framework.removeAllItems();
        framework.addItem(Choices.AUTOMATIC);
        for (final Framework one : frameworks) {
            framework.addItem(one.getName());
        }
        final Map<String, Model> fitting = new LinkedHashMap<>();
        final Map<String, Model> others = new LinkedHashMap<>();
        for (final Model one : all) {
            final String reference = ModelFacts.reference(one, all);
            (problem(reference, one).isEmpty() ? fitting : others).put(reference, one);
        }
        models.clear();
        models.putAll(fitting);
        models.putAll(others);
        model.removeAllItems();
        for (final String reference : models.keySet()) {
            model.addItem(reference);
        }
        if (models.containsKey(chosen)) {
            model.setSelectedItem(chosen);
        }
        explain();
    }

    private String problem(final String reference, final Model one) {
        final Object name = framework.getSelectedItem();
        final String wanted = name == null || Choices.AUTOMATIC.equals(name) ? "" : name.toString();
        final String general = ModelFacts.problem(one, wanted);
        // Other channels than all are for the server to judge when they are sent.
        return general.isEmpty() && channels.getText().trim().isEmpty() ? refusals.getOrDefault(reference, "") : general;
    }

    private void explain() {
        final String reference = String.valueOf(model.getSelectedItem());
        final Model one = models.get(reference);
        if (one != null) {
            final String problem = problem(reference, one);
            enable(problem.isEmpty() ? one.getName() + " · " + one.getLabelsCount() + " classes\n"
                    + one.getDescription() : "Cannot be used: " + problem, problem.isEmpty());
        }
    }

    /**
     * Shows a sentence instead of a model, such as why no server answers.
     *
     * @param sentence what to show
     */
    public void show(final String sentence) {
        enable(sentence, false);
    }

    private void enable(final String text, final boolean runnable) {
        note.setText(text);
        run.setEnabled(runnable);
        folder.setEnabled(runnable);
    }

    /**
     * The sentence that is shown.
     *
     * @return the model's description, or why it cannot be used
     */
    public String sentence() {
        return note.getText();
    }

    /**
     * Whether the choices can be run.
     *
     * @return true if they can
     */
    public boolean isRunnable() {
        return run.isEnabled();
    }

    /**
     * What is chosen.
     *
     * @return words for {@link Choices#of}
     */
    public Map<String, String> words() {
        final Map<String, String> words = new HashMap<>();
        words.put("framework", String.valueOf(framework.getSelectedItem()));
        words.put("model", model.getSelectedItem() == null ? "" : String.valueOf(model.getSelectedItem()));
        words.put("target", String.valueOf(target.getSelectedItem()));
        words.put("t", frames.getText());
        words.put("z", slices.getText());
        words.put("channels", channels.getText());
        words.put("intensity", intensity.getText());
        words.put(Choices.SERIES, series.getText());
        words.put("top", top.getText());
        words.put("tile_size", tileSize.getText());
        words.put("all_scores", String.valueOf(allScores.isSelected()));
        return words;
    }
}
