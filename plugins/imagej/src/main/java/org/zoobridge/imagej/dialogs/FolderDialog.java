package org.zoobridge.imagej.dialogs;

import ij.Prefs;
import ij.plugin.frame.Recorder;

import java.awt.Dimension;
import java.util.Collections;

import javax.swing.JButton;
import javax.swing.JCheckBox;
import javax.swing.JComboBox;
import javax.swing.JFileChooser;
import javax.swing.JTextField;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.options.Options;
import org.zoobridge.imagej.Choices;

/** Asks for a folder, a model and where to save the table. */
public final class FolderDialog extends Form {

    private static final int COLUMNS = 28;

    private final ModelOffer offer;
    private final Choices choices = Choices.remembered();
    private final ModelList models = new ModelList(false, this::changed);
    private final JTextField folder;
    private final JCheckBox recursive;
    private final JTextField top;
    private final JComboBox<String> framework;
    private final JTextField intensity;
    private final JTextField series;
    private final JCheckBox allScores;
    private final JTextField save;
    private String offeredFor;
    private boolean changing;

    private FolderDialog(final ModelOffer offer, final String before) {
        super("Classify folder");
        this.offer = offer;
        changing = true;
        folder = text("folder", before, COLUMNS, "Folder with pictures");
        add("Folder", "", "", beside(folder, browse("browse_folder", folder, JFileChooser.DIRECTORIES_ONLY)));
        recursive = box("Include subfolders", "recursive", false, "Look into the folder's subfolders as well");
        add("", "", "", recursive);
        add("Model", "", "", models);
        top = text("top", String.valueOf(choices.top()), 4, "How many classes to name, best first; 0 leaves it to the model");
        add("Classes to name", "", "", narrow(top));
        framework = add("Run with", "framework", "automatic takes the fastest framework that is installed and safe",
                new JComboBox<>(offer.frameworkNames()));
        framework.setSelectedItem(offer.hasFramework(choices.framework()) ? choices.framework() : Options.AUTOMATIC);
        intensity = Form.intensity(this);
        final String hint = "Which picture of files that hold several, from 0; empty for the first";
        series = text(Options.SERIES, "", 4, hint);
        add("Series", "", hint, narrow(series));
        allScores = box("All scores", "all_scores", choices.allScores(), "A column for each class");
        add("", "", "", allScores);
        save = text("save", "", COLUMNS, "CSV file to write; empty for none");
        add("Save table as", "", "CSV file to write; empty for none",
                beside(save, browse("browse_save", save, JFileChooser.FILES_ONLY)));
        changing = false;
    }

    private JButton browse(final String name, final JTextField field, final int mode) {
        final JButton browse = button("Browse…", name, "");
        browse.addActionListener(event -> {
            final JFileChooser chooser = new JFileChooser(field.getText());
            chooser.setFileSelectionMode(mode);
            chooser.setDialogTitle(mode == JFileChooser.DIRECTORIES_ONLY ? "Folder with pictures" : "Save table as");
            final int answer = mode == JFileChooser.DIRECTORIES_ONLY ? chooser.showOpenDialog(dialog)
                    : chooser.showSaveDialog(dialog);
            if (answer == JFileChooser.APPROVE_OPTION) {
                field.setText(chooser.getSelectedFile().getPath());
            }
        });
        return browse;
    }

    /**
     * Shows the dialog.
     *
     * @param before the folder of the last run
     * @return the dialog as it was left; null if the person cancelled
     */
    public static FolderDialog ask(final String before) {
        final ModelOffer offer = ClassifyDialog.offer();
        final FolderDialog form = Form.ask(() -> new FolderDialog(offer, before));
        if (form != null) {
            Prefs.set("zoobridge.model.folder", form.choices.model());
            form.record();
        }
        return form;
    }

    private void record() {
        if (!Recorder.record) {
            return;
        }
        Recorder.recordOption("folder", folder());
        if (recursive()) {
            Recorder.recordOption("recursive");
        }
        Recorder.recordOption("model", choices.model());
        Recorder.recordOption("top", String.valueOf(choices.top()));
        if (!choices.frameworkName().isEmpty()) {
            Recorder.recordOption("framework", choices.framework());
        }
        recordIntensity(choices);
        if (choices.series() >= 0) {
            Recorder.recordOption(Options.SERIES, String.valueOf(choices.series()));
        }
        if (choices.allScores()) {
            Recorder.recordOption("all_scores");
        }
        if (!save().isEmpty()) {
            Recorder.recordOption("save", save());
        }
    }

    /**
     * The folder.
     *
     * @return a path
     */
    public String folder() {
        return folder.getText().trim();
    }

    /**
     * Whether subfolders are looked into.
     *
     * @return true if they are
     */
    public boolean recursive() {
        return recursive.isSelected();
    }

    /**
     * The CSV file to write.
     *
     * @return a path; empty for none
     */
    public String save() {
        return save.getText().trim();
    }

    /**
     * Model, framework and number of classes.
     *
     * @return the choices
     */
    public Choices choices() {
        return choices;
    }

    @Override
    protected void changed() {
        if (changing || save == null) {
            return;
        }
        changing = true;
        choices.framework(String.valueOf(framework.getSelectedItem())).top(Math.max(0, number(top)))
                .allScores(allScores.isSelected()).intensity(intensity.getText())
                .series(number(series));
        if (!choices.frameworkName().equals(offeredFor)) {
            models.offer(offer.entries(choices.frameworkName(), Collections.emptyMap(), 0, new Dimension()), offeredFor == null
                    ? Collections.singletonList(Prefs.get("zoobridge.model.folder", "")) : models.references());
            offeredFor = choices.frameworkName();
        }
        choices.model(models.references().isEmpty() ? "" : models.references().get(0));
        judge(problem(), "PNG, JPEG, TIFF, BMP, GIF, DICOM, PGM and FITS files are classified.");
        changing = false;
    }

    private String problem() {
        if (folder().isEmpty()) {
            return "Choose a folder with pictures.";
        }
        if (number(top) < 0) {
            return "Classes to name: write a whole number, such as 3.";
        }
        if (!series.getText().trim().isEmpty() && number(series) < 0) {
            return "Series: write a whole number from 0, or nothing for the first picture of each file.";
        }
        try {
            choices.intensityRule();
        } catch (ZooBridgeException error) {
            return error.getMessage();
        }
        final String wrong = offer.frameworkProblem(choices.frameworkName());
        return wrong.isEmpty() ? models.problem() : wrong;
    }
}
