package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.gui.DialogListener;
import ij.gui.GenericDialog;

import java.awt.AWTEvent;
import java.awt.List;
import java.awt.Panel;
import java.awt.TextField;
import java.util.Arrays;
import java.util.Map;

import org.zoobridge.client.Words;
import org.zoobridge.client.ZooBridge;

/** Asks which models to compare. The list and the text field show the same models; the field is what is recorded. */
final class CompareDialog implements DialogListener {

    private static final int ROWS = 6;
    private static final int FIELD = 36;

    private final ImagePlus image;
    private final Choices choices = Choices.remembered();
    private final List list = new List(ROWS, true);
    private String models;
    private Map<String, String> offer;

    CompareDialog(final ImagePlus image, final String models) {
        this.image = image;
        this.models = models;
    }

    String models() {
        return models;
    }

    /**
     * Shows the dialog.
     *
     * @return what to classify; null if the person cancelled
     */
    Choices ask() {
        final ZooBridge zoo = Connection.current();
        final ModelChoice all = Failure.asking("Asking " + zoo.endpoint().address() + " for its models…",
                () -> new ModelChoice(zoo.models(), zoo.frameworks(), image.getWidth(), image.getHeight()));
        offer = all.offer("", new PixelReader(image).channels());
        final GenericDialog dialog = new GenericDialog("Compare models on " + image.getTitle());
        for (final Map.Entry<String, String> model : offer.entrySet()) {
            list.add(model.getValue().isEmpty() ? model.getKey() : model.getKey() + ": " + model.getValue());
        }
        final Panel panel = new Panel();
        panel.add(list);
        dialog.addPanel(panel);
        dialog.addStringField("Models", models, FIELD);
        final TextField field = (TextField) dialog.getStringFields().get(0);
        list.addItemListener(event -> {
            final StringBuilder names = new StringBuilder();
            for (final int index : list.getSelectedIndexes()) {
                names.append(names.length() == 0 ? "" : ", ").append(offer.keySet().toArray()[index]);
            }
            field.setText(names.toString());
        });
        select(Words.split(models));
        dialog.addChoice("Target", ClassifyDialog.targets(image), choices.targetIn(image).label());
        dialog.addNumericField("Top", choices.top(), 0, 6, "classes");
        dialog.addNumericField("Tile_size", choices.tileSize(), 0, 6, "pixels (for tiles)");
        dialog.addDialogListener(this);
        dialog.addHelp(HelpPlugIn.html());
        dialog.getButtons()[0].setEnabled(isRunnable());
        dialog.showDialog();
        return dialog.wasCanceled() ? null : choices;
    }

    private void select(final java.util.List<String> references) {
        for (final String reference : references) {
            final int index = Arrays.asList(offer.keySet().toArray()).indexOf(reference);
            if (index >= 0) {
                list.select(index);
            }
        }
    }

    @Override
    public boolean dialogItemChanged(final GenericDialog dialog, final AWTEvent event) {
        models = dialog.getNextString();
        choices.framework(Choices.AUTOMATIC).target(Target.of(dialog.getNextChoice()))
                .top((int) dialog.getNextNumber()).tileSize((int) dialog.getNextNumber());
        return isRunnable();
    }

    private boolean isRunnable() {
        final java.util.List<String> references = Words.split(models);
        for (final String reference : references) {
            if (!offer.getOrDefault(reference, "").isEmpty()) {
                return false;
            }
        }
        return !references.isEmpty() && choices.tileSize() > 0;
    }
}
