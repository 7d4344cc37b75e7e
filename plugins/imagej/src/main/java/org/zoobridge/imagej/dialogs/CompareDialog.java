package org.zoobridge.imagej.dialogs;

import ij.ImagePlus;
import ij.plugin.frame.Recorder;

import java.util.ArrayList;
import java.util.List;

import javax.swing.JTextField;

import org.zoobridge.client.options.Options;
import org.zoobridge.imagej.Choices;
import org.zoobridge.imagej.Target;

/** Asks which models to compare on what of an image. */
public final class CompareDialog extends Form {

    private final Choices choices;
    private final ModelList models = new ModelList(true, this::changed);
    private final TargetFields target;
    private final FittingModels fitting;
    private final JTextField top;
    private final List<String> before;
    private List<String> selected;
    private boolean changing;

    private CompareDialog(final ImagePlus image, final ModelOffer offer, final List<String> before) {
        super("Compare models on " + image.getTitle());
        this.choices = Choices.remembered().framework(Options.AUTOMATIC);
        this.before = before;
        this.selected = before;
        changing = true;
        add("Models", "", "", models);
        target = new TargetFields(this, image, choices);
        fitting = new FittingModels(offer, models, image, target, this::changed);
        top = text("top", String.valueOf(choices.top()), 4, "How many classes to name, best first; 0 leaves it to the model");
        add("Classes to name", "", "", narrow(top));
        changing = false;
    }

    /**
     * Shows the dialog.
     *
     * @param image  the image
     * @param before references of the models that were compared last
     * @return the dialog as it was left; null if the person cancelled
     */
    public static CompareDialog ask(final ImagePlus image, final List<String> before) {
        final ModelOffer offer = ClassifyDialog.offer();
        final CompareDialog form = Form.ask(() -> new CompareDialog(image, offer, before));
        if (form != null && Recorder.record) {
            Recorder.recordOption("models", String.join(", ", form.selected));
            Recorder.recordOption("target", form.target.target().label());
            if (form.target.target() == Target.LABELS) {
                Recorder.recordOption("labels", form.choices.labels());
            }
            if (form.target.target() == Target.TILES) {
                Recorder.recordOption("tile_size", String.valueOf(form.choices.tileSize()));
            }
            Recorder.recordOption("top", String.valueOf(form.choices.top()));
            if (!form.choices.channels().trim().isEmpty()) {
                Recorder.recordOption("channels", form.choices.channels());
            }
            recordIntensity(form.choices);
        }
        return form;
    }

    /**
     * What to classify.
     *
     * @return the choices
     */
    public Choices choices() {
        return choices;
    }

    /**
     * The models.
     *
     * @return their references
     */
    public List<String> models() {
        return new ArrayList<>(selected);
    }

    @Override
    protected void changed() {
        if (changing || top == null) {
            return;
        }
        changing = true;
        choices.top(Math.max(0, number(top)));
        target.read(choices);
        final String unknown = fitting.update(choices, before);
        selected = models.references();
        final String wrong = number(top) < 0 ? "Classes to name: write a whole number, such as 3."
                : target.problem(choices).isEmpty() ? unknown : target.problem(choices);
        final String few = selected.size() < 2 ? "Select two or more models, with Ctrl or Shift." : models.problem();
        judge(wrong.isEmpty() ? few : wrong, selected.size() + " models are compared.");
        changing = false;
    }
}
