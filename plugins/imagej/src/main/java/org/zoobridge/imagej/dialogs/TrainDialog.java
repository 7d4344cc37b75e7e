package org.zoobridge.imagej.dialogs;

import ij.plugin.frame.Recorder;

import java.util.LinkedHashMap;
import java.util.Map;

import javax.swing.JButton;
import javax.swing.JComboBox;
import javax.swing.JFileChooser;
import javax.swing.JTextField;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.options.Words;
import org.zoobridge.client.training.KeepTogether;
import org.zoobridge.imagej.AnnotatedImages;
import org.zoobridge.imagej.RoiClasses;

/** Asks what to train a model on. */
public final class TrainDialog extends Form {

    private static final int COLUMNS = 28;

    private final JTextField name;
    private final JComboBox<String> classes;
    private final JTextField folder;
    private final JComboBox<KeepTogether> together;
    private String counted = "";
    private Map<String, Integer> counts = new LinkedHashMap<>();

    private TrainDialog() {
        super("Train");
        name = text("name", "", COLUMNS, "The name under which the model is listed");
        add("Name", "", "The name under which the model is listed", narrow(name));
        classes = add("Classes", "classes", "Where the class of a region stands: in its name, or in its group",
                new JComboBox<>(new String[] {RoiClasses.NAMES.label(), RoiClasses.GROUPS.label()}));
        final String hint = "Pictures, each with its ROI set under the same name: cells.tif, cells.zip. Empty for the open "
                + "image with the ROI Manager";
        folder = text("folder", "", COLUMNS, hint);
        final JButton browse = button("Browse…", "browse_folder", hint);
        browse.addActionListener(event -> {
            final JFileChooser chooser = new JFileChooser(folder.getText());
            chooser.setFileSelectionMode(JFileChooser.DIRECTORIES_ONLY);
            if (chooser.showOpenDialog(dialog) == JFileChooser.APPROVE_OPTION) {
                folder.setText(chooser.getSelectedFile().getPath());
            }
        });
        add("Folder", "", hint, beside(folder, browse));
        together = add("Keep together", "keep_together", "What is never divided between fitting and testing. Pieces of one "
                + "image are alike, so that figures are honest only if all of them are on one side. Automatic: images of "
                + "several, else planes of several, else nothing", new JComboBox<>(KeepTogether.values()));
    }

    /**
     * Shows the dialog.
     *
     * @return the options, as a macro gives them; null if the person cancelled
     */
    public static Words ask() {
        final TrainDialog form = Form.ask(TrainDialog::new);
        if (form == null) {
            return null;
        }
        final Map<String, String> words = new LinkedHashMap<>();
        words.put("name", form.name.getText().trim());
        words.put("classes", String.valueOf(form.classes.getSelectedItem()));
        if (!form.folder.getText().trim().isEmpty()) {
            words.put("folder", form.folder.getText().trim());
        }
        if (form.together.getSelectedItem() != KeepTogether.AUTOMATIC) {
            words.put("keep_together", String.valueOf(form.together.getSelectedItem()));
        }
        if (Recorder.record) {
            words.forEach(Recorder::recordOption);
        }
        return Words.of(words);
    }

    @Override
    protected void changed() {
        if (together == null) {
            return;
        }
        final String problem = problem();
        judge(problem, "Regions: " + words());
    }

    private String problem() {
        try {
            final RoiClasses where = RoiClasses.values()[classes.getSelectedIndex()];
            final String question = where + "/" + folder.getText().trim();
            if (!question.equals(counted)) {
                counts = new AnnotatedImages(folder.getText().trim(), where).count();
                counted = question;
            }
        } catch (ZooBridgeException error) {
            return error.getMessage();
        }
        if (counts.size() < 2) {
            return "Training needs regions of two or more classes; found: " + (counts.isEmpty() ? "none" : words())
                    + ". Name regions by their class, or put them into groups.";
        }
        return name.getText().trim().isEmpty() ? "Name: write the name under which to list the model." : "";
    }

    private String words() {
        final StringBuilder text = new StringBuilder();
        counts.forEach((label, count) -> text.append(text.length() == 0 ? "" : ", ").append(label).append(' ')
                .append(count));
        return text.toString();
    }
}
