package org.zoobridge.imagej;

import ij.gui.DialogListener;
import ij.gui.GenericDialog;
import ij.io.DirectoryChooser;

import java.awt.AWTEvent;
import java.awt.Button;
import java.awt.Choice;
import java.awt.Panel;
import java.awt.TextField;
import java.util.Map;

import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.errors.UnknownModelException;
import org.zoobridge.client.errors.ZooBridgeException.Facts;

/** Asks for a folder, a model and where to save the table. */
final class FolderDialog implements DialogListener {

    private static final int FIELD = 36;

    private final Choices choices = Choices.remembered();
    private String folder;
    private String save = "";
    private boolean recursive;
    private ModelChoice models;
    private String shownFramework;
    private Map<String, String> offer;

    FolderDialog(final String folder) {
        this.folder = folder;
    }

    String folder() {
        return folder;
    }

    String save() {
        return save;
    }

    boolean recursive() {
        return recursive;
    }

    /**
     * Shows the dialog.
     *
     * @return framework, model and number of classes; null if the person cancelled
     */
    Choices ask() {
        final ZooBridge zoo = Connection.current();
        models = Failure.asking("Asking " + zoo.endpoint().address() + " for its models…",
                () -> new ModelChoice(zoo.models(), zoo.frameworks(), 0, 0));
        models.keepToOffered(choices);
        shownFramework = choices.frameworkName();
        offer = models.offer(shownFramework, 0);
        final String[] references = offer.keySet().toArray(new String[0]);
        if (references.length == 0) {
            throw new UnknownModelException(new Facts("The zoo of " + zoo.endpoint().address() + " is empty. Add a "
                    + "model with zoobridge add.").reason("UNKNOWN_MODEL"));
        }
        if (!offer.containsKey(choices.model())) {
            choices.model(references[0]);
        }
        final GenericDialog dialog = new GenericDialog("Classify folder");
        dialog.addStringField("Folder", folder, FIELD);
        final TextField field = (TextField) dialog.getStringFields().get(0);
        final Button browse = new Button("Browse…");
        // The chooser waits for the person, which must not happen on the event thread.
        browse.addActionListener(event -> new Thread(() -> {
            final String chosen = new DirectoryChooser("Folder with pictures").getDirectory();
            if (chosen != null) {
                field.setText(chosen);
            }
        }, "ZooBridge folder").start());
        final Panel panel = new Panel();
        panel.add(browse);
        dialog.addPanel(panel);
        dialog.addCheckbox("Recursive", false);
        dialog.addChoice("Framework", models.frameworkNames(), choices.framework());
        dialog.addChoice("Model", references, choices.model());
        dialog.addNumericField("Top", choices.top(), 0, 6, "classes");
        dialog.addCheckbox("All_scores", choices.allScores());
        dialog.addStringField("Save", "", FIELD);
        dialog.addMessage("Save: a CSV file to write; empty for none");
        dialog.addDialogListener(this);
        dialog.addHelp(HelpPlugIn.html());
        dialog.getButtons()[0].setEnabled(isRunnable());
        dialog.showDialog();
        if (dialog.wasCanceled()) {
            return null;
        }
        choices.remember();
        return choices;
    }

    @Override
    public boolean dialogItemChanged(final GenericDialog dialog, final AWTEvent event) {
        folder = dialog.getNextString();
        recursive = dialog.getNextBoolean();
        choices.framework(dialog.getNextChoice());
        if (!choices.frameworkName().equals(shownFramework)) {
            shownFramework = choices.frameworkName();
            offer = models.offer(shownFramework, 0);
            ModelChoice.fill((Choice) dialog.getChoices().get(1), offer);
        }
        choices.model(dialog.getNextChoice());
        choices.top((int) dialog.getNextNumber());
        choices.allScores(dialog.getNextBoolean());
        save = dialog.getNextString();
        return isRunnable();
    }

    private boolean isRunnable() {
        return !folder.trim().isEmpty() && offer.getOrDefault(choices.model(), "").isEmpty()
                && models.frameworkProblem(choices.frameworkName()).isEmpty();
    }
}
