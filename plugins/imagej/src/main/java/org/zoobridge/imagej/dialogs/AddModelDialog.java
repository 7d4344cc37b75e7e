package org.zoobridge.imagej.dialogs;

import ij.WindowManager;
import ij.plugin.frame.Recorder;

import java.io.File;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

import javax.swing.JButton;
import javax.swing.JCheckBox;
import javax.swing.JComboBox;
import javax.swing.JFileChooser;
import javax.swing.JTextField;

import org.zoobridge.client.options.Words;


/** Asks for a network and its labels, or for a BioImage.IO package. */
public final class AddModelDialog extends Form {

    private static final int COLUMNS = 28;
    private static final String[] PREPROCESSING = {"none", "unit", "signed", "imagenet"};

    private final JTextField file;
    private final JTextField labels;
    private final JTextField name;
    private final JComboBox<String> preprocessing;
    private final JCheckBox test;

    private AddModelDialog() {
        super("Add model");
        file = text("file", "", COLUMNS, "ONNX, TorchScript or Keras file, SavedModel folder, or BioImage.IO package");
        add("File", "", "", beside(file, browse("browse_file", file)));
        labels = text("labels", "", COLUMNS, "Class names with commas, or a file with one a line");
        add("Classes", "", "", beside(labels, browse("browse_labels", labels)));
        name = text("name", "", COLUMNS, "The name under which the model is listed");
        add("Name", "", "", narrow(name));
        preprocessing = add("Intensities", "preprocessing", "What the network expects of 8-bit pictures: as they are, "
                + "0 to 1, -1 to 1, or ImageNet's means", new JComboBox<>(PREPROCESSING));
        test = box("Classify the open image with it", "test", WindowManager.getCurrentImage() != null,
                "Try the model once it is there");
        add("", "", "", test);
    }

    private JButton browse(final String button, final JTextField field) {
        final JButton browse = button("Browse…", button, "");
        browse.addActionListener(event -> {
            final JFileChooser chooser = new JFileChooser(field.getText());
            chooser.setFileSelectionMode(JFileChooser.FILES_AND_DIRECTORIES);
            if (chooser.showOpenDialog(dialog) == JFileChooser.APPROVE_OPTION) {
                field.setText(chooser.getSelectedFile().getPath());
            }
        });
        return browse;
    }

    /**
     * Shows the dialog.
     *
     * @return the options, as a macro gives them; null if the person cancelled
     */
    public static Words ask() {
        final AddModelDialog form = Form.ask(AddModelDialog::new);
        if (form == null) {
            return null;
        }
        final Map<String, String> words = new LinkedHashMap<>();
        words.put("file", form.file.getText().trim());
        if (!form.isPackage()) {
            words.put("labels", form.labels.getText().trim());
            words.put("name", form.name.getText().trim());
            words.put("preprocessing", String.valueOf(form.preprocessing.getSelectedItem()));
        }
        if (Recorder.record) {
            words.forEach(Recorder::recordOption);
        }
        if (form.test.isSelected()) {
            words.put("test", "true");
            if (Recorder.record) {
                Recorder.recordOption("test");
            }
        }
        return Words.of(words);
    }

    private boolean isPackage() {
        final File chosen = new File(file.getText().trim());
        return chosen.getName().toLowerCase(Locale.ROOT).endsWith(".zip") || new File(chosen, "rdf.yaml").exists()
                || new File(chosen, "bioimageio.yaml").exists();
    }

    @Override
    protected void changed() {
        if (test == null) {
            return;
        }
        final boolean network = !isPackage();
        labels.setEnabled(network);
        name.setEnabled(network);
        preprocessing.setEnabled(network);
        test.setVisible(WindowManager.getCurrentImage() != null);
        judge(problem(network), network ? "The network is run once, confined, before it is added."
                : "A BioImage.IO package brings its own name and classes.");
    }

    private String problem(final boolean network) {
        if (!new File(file.getText().trim()).exists() || file.getText().trim().isEmpty()) {
            return "Choose a network or a BioImage.IO package.";
        }
        if (network && labels.getText().trim().isEmpty()) {
            return "Classes: write their names with commas, or choose a file with one a line.";
        }
        return network && name.getText().trim().isEmpty() ? "Name: write the name under which to list the model." : "";
    }
}
