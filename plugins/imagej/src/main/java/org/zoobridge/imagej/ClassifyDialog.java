package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.gui.DialogListener;
import ij.gui.GenericDialog;
import ij.gui.Roi;
import ij.plugin.frame.RoiManager;

import java.awt.AWTEvent;
import java.awt.Choice;
import java.awt.TextArea;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.errors.InvalidRequestException;
import org.zoobridge.client.errors.UnknownModelException;
import org.zoobridge.client.errors.ZooBridgeException.Facts;

/** Asks what to classify with which model. Models that fit the image come first; of the others it says why not. */
final class ClassifyDialog implements DialogListener {

    private static final int NOTE_ROWS = 4;
    private static final int NOTE_COLUMNS = 52;
    private static final int CHANNEL_COLUMNS = 12;

    private final ImagePlus image;
    private final Choices choices = Choices.remembered();
    private ModelChoice models;
    private String shownFramework;
    private String shownChannels;
    private Map<String, String> offer;

    ClassifyDialog(final ImagePlus image) {
        this.image = image;
    }

    /**
     * Shows the dialog.
     *
     * @return the choices; null if the person cancelled
     */
    Choices ask() {
        final ZooBridge zoo = Connection.current();
        models = Failure.asking("Asking " + zoo.endpoint().address() + " for its models…", () -> new ModelChoice(
                zoo.models(), zoo.frameworks(), image.getWidth(), image.getHeight()));
        models.keepToOffered(choices);
        offer = models.offer(choices.frameworkName(), channels());
        if (offer.isEmpty()) {
            throw new UnknownModelException(new Facts("The zoo of " + zoo.endpoint().address() + " is empty. Add a "
                    + "model with zoobridge add.").reason("UNKNOWN_MODEL"));
        }
        shownFramework = choices.frameworkName();
        shownChannels = choices.channels();
        if (!offer.containsKey(choices.model())) {
            choices.model(offer.keySet().iterator().next());
        }
        final GenericDialog dialog = build();
        // ImageJ asks the listener only once something has changed.
        dialog.getButtons()[0].setEnabled(explain(dialog));
        dialog.showDialog();
        if (dialog.wasCanceled()) {
            return null;
        }
        choices.remember();
        return choices;
    }

    private GenericDialog build() {
        final String[] frameworks = models.frameworkNames();
        final String[] references = offer.keySet().toArray(new String[0]);
        final String[] targets = targets(image);
        if (!Arrays.asList(targets).contains(choices.targetIn(image).label())) {
            choices.target(Target.of(targets[0]));
        }
        final GenericDialog dialog = new GenericDialog("Classify " + image.getTitle());
        dialog.addChoice("Framework", frameworks, choices.framework());
        dialog.addChoice("Model", references, choices.model());
        dialog.addTextAreas("", null, NOTE_ROWS, NOTE_COLUMNS);
        dialog.addChoice("Target", targets, choices.targetIn(image).label());
        dialog.addNumericField("Top", choices.top(), 0, 6, "classes");
        dialog.addNumericField("Tile_size", choices.tileSize(), 0, 6, "pixels (for tiles)");
        dialog.addStringField("Channels", "", CHANNEL_COLUMNS);
        dialog.addMessage("Channels by number, such as 3,2,1; empty for all");
        dialog.addCheckbox("All_scores", choices.allScores());
        dialog.addCheckbox("Overlay", choices.overlay());
        dialog.addHelp(HelpPlugIn.html());
        dialog.addDialogListener(this);
        note(dialog).setEditable(false);
        return dialog;
    }

    /** The targets that make sense for an image as it is now. */
    static String[] targets(final ImagePlus image) {
        final List<String> labels = new ArrayList<>();
        final boolean stack = image.getNSlices() * image.getNFrames() > 1;
        final Roi roi = image.getRoi();
        for (final Target target : Target.values()) {
            final boolean offered;
            switch (target) {
                case IMAGE:
                    offered = !stack;
                    break;
                case SLICE:
                case STACK:
                    offered = stack;
                    break;
                case SELECTION:
                    offered = roi != null && roi.isArea();
                    break;
                case ROI_MANAGER:
                    offered = RoiManager.getInstance2() != null && RoiManager.getInstance2().getCount() > 0;
                    break;
                case OVERLAY:
                    offered = image.getOverlay() != null && image.getOverlay().size() > 0;
                    break;
                default:
                    offered = true;
            }
            if (offered) {
                labels.add(target.label());
            }
        }
        return labels.toArray(new String[0]);
    }

    /** Channels that a model would see; of a list that cannot be read, the image's own. */
    private int channels() {
        try {
            final int chosen = choices.channelIndexes().length;
            return chosen > 0 ? chosen : new PixelReader(image).channels();
        } catch (InvalidRequestException unreadable) {
            return new PixelReader(image).channels();
        }
    }

    private static TextArea note(final GenericDialog dialog) {
        return dialog.getTextArea1();
    }

    @Override
    public boolean dialogItemChanged(final GenericDialog dialog, final AWTEvent event) {
        choices.framework(dialog.getNextChoice());
        // The order of the questions is the macro's; the model's choice must be filled before it is read.
        refill(dialog);
        choices.model(dialog.getNextChoice());
        choices.target(Target.of(dialog.getNextChoice()));
        choices.top((int) dialog.getNextNumber());
        choices.tileSize((int) dialog.getNextNumber());
        choices.channels(dialog.getNextString());
        choices.allScores(dialog.getNextBoolean());
        choices.overlay(dialog.getNextBoolean());
        return explain(dialog);
    }

    /** Says what the model is, or why it cannot be used; tells whether it can. */
    private boolean explain(final GenericDialog dialog) {
        final String problem = problem(dialog);
        final String text = problem.isEmpty() ? models.describe(choices.model()) : "Cannot be used: " + problem;
        if (!text.equals(note(dialog).getText())) {
            note(dialog).setText(text);
        }
        return problem.isEmpty();
    }

    private void refill(final GenericDialog dialog) {
        if (!choices.frameworkName().equals(shownFramework)) {
            shownFramework = choices.frameworkName();
            offer = models.offer(shownFramework, channels());
            ModelChoice.fill((Choice) dialog.getChoices().get(1), offer);
        }
    }

    private String problem(final GenericDialog dialog) {
        if (dialog.invalidNumber() || choices.tileSize() < 1) {
            return "a number is missing";
        }
        try {
            choices.channelIndexes();
            if (!choices.channels().equals(shownChannels)) {
                offer = models.offer(choices.frameworkName(), channels());
                shownChannels = choices.channels();
            }
        } catch (InvalidRequestException error) {
            return error.getMessage();
        }
        final String framework = models.frameworkProblem(choices.frameworkName());
        return framework.isEmpty() ? offer.getOrDefault(choices.model(), "") : framework;
    }
}
