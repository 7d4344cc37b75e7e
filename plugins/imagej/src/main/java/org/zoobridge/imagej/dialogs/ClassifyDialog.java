package org.zoobridge.imagej.dialogs;

import ij.ImagePlus;
import ij.Prefs;
import ij.plugin.frame.Recorder;

import java.awt.EventQueue;
import java.awt.GridLayout;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import javax.swing.JButton;
import javax.swing.JCheckBox;
import javax.swing.JComboBox;
import javax.swing.JPanel;
import javax.swing.JTextField;

import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.options.Options;
import org.zoobridge.imagej.Choices;
import org.zoobridge.imagej.Connection;
import org.zoobridge.imagej.Failure;
import org.zoobridge.imagej.PixelReader;
import org.zoobridge.imagej.Preview;
import org.zoobridge.imagej.Target;
import org.zoobridge.v1.ErrorReason;

/** Asks what to classify with which model. */
public final class ClassifyDialog extends Form {

    private final ImagePlus image;
    private final ModelOffer offer;
    private final Choices choices;
    private final ModelList models = new ModelList(false, this::changed);
    private final TargetFields target;
    private final FittingModels fitting;
    private final JTextField top;
    private final JComboBox<String> framework;
    private final Map<String, JCheckBox> boxes = new LinkedHashMap<>();
    private final Preview preview;
    private final JButton previewing = button("Preview", "preview",
            "Draw what would be classified, and classify the first of it");
    private boolean changing;

    private ClassifyDialog(final ImagePlus image, final ModelOffer offer, final Choices choices) {
        super("Classify " + image.getTitle());
        this.image = image;
        this.offer = offer;
        this.choices = choices;
        this.preview = new Preview(image);
        changing = true;
        add("Model", "", "", models);
        target = new TargetFields(this, image, choices);
        fitting = new FittingModels(offer, models, image, target, this::changed);
        top = text("top", String.valueOf(choices.top()), 4, "How many classes to name, best first; 0 leaves it to the model");
        add("Classes to name", "", "", narrow(top));
        framework = add("Run with", "framework", "automatic takes the fastest framework that is installed and safe",
                new JComboBox<>(offer.frameworkNames()));
        framework.setSelectedItem(offer.hasFramework(choices.framework()) ? choices.framework() : Options.AUTOMATIC);
        final JPanel show = new JPanel(new GridLayout(0, 2));
        check(show, "Overlay", "overlay", choices.overlay(), "Draw regions and classes over the image");
        check(show, "Legend", "legend", choices.legend(), "Draw class, colour and count even where every label fits");
        check(show, "Counts and area by class", "summary", choices.summary(), "A second table, one row for each class");
        check(show, "All scores", "all_scores", choices.allScores(), "A column for each class");
        check(show, "Classes into ROI Manager", "roi_manager", choices.roiManager(),
                "Write each region's class into its name and group; other regions are added");
        check(show, "Class map", "class_map", choices.classMap(), "An image in which each class has a colour");
        check(show, "Probability maps", "probability_maps", choices.probabilityMaps(),
                "A stack with the score of each class");
        add("Show", "", "", show);
        previewing.addActionListener(event -> preview());
        addButton(previewing);
        changing = false;
    }

    private void check(final JPanel panel, final String label, final String name, final boolean on,
            final String hint) {
        final JCheckBox box = box(label, name, on, hint);
        boxes.put(name, box);
        panel.add(box);
    }

    /**
     * Shows the dialog.
     *
     * @param image the image
     * @return the choices; null if the person cancelled
     */
    public static Choices ask(final ImagePlus image) {
        final ModelOffer offer = offer();
        final ClassifyDialog form = Form.ask(() -> new ClassifyDialog(image, offer, Choices.remembered()));
        if (form == null) {
            return null;
        }
        form.choices.remember();
        Prefs.set(memory(image), form.choices.model());
        form.record();
        return form.choices;
    }

    /** The models of the server in use. */
    static ModelOffer offer() {
        final ZooBridge zoo = Connection.current();
        final String address = zoo.endpoint().address();
        final ModelOffer offer = Failure.asking("Asking " + address + " for its models…",
                () -> new ModelOffer(zoo));
        if (offer.isEmpty()) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_UNKNOWN_MODEL,
                    "The zoo of " + address + " is empty. Add a model in Plugins > "
                    + "ZooBridge > Servers and models….");
        }
        return offer;
    }

    /** Where the model of the last image of this kind is kept. */
    private static String memory(final ImagePlus image) {
        return "zoobridge.model." + new PixelReader(image).channels();
    }

    @Override
    protected void changed() {
        if (changing || boxes.isEmpty()) {
            return;
        }
        changing = true;
        choices.framework(String.valueOf(framework.getSelectedItem())).top(Math.max(0, number(top)));
        target.read(choices);
        final boolean regions = target.target() != Target.IMAGE && target.target() != Target.SLICE
                && target.target() != Target.STACK;
        final boolean maps = target.target() == Target.TILES || target.target() == Target.LABELS;
        apply("roi_manager", regions);
        apply("class_map", maps);
        apply("probability_maps", maps);
        apply("legend", boxes.get("overlay").isSelected());
        choices.overlay(on("overlay")).legend(on("legend")).summary(on("summary")).allScores(on("all_scores"))
                .roiManager(on("roi_manager")).classMap(on("class_map")).probabilityMaps(on("probability_maps"));
        final String unknown = fitting.update(choices, Collections.singletonList(Prefs.get(memory(image), "")));
        choices.model(models.references().isEmpty() ? "" : models.references().get(0));
        preview.clear();
        previewing.setEnabled(unknown.isEmpty());
        judge(unknown.isEmpty() ? problem() : unknown, "");
        changing = false;
    }

    private void apply(final String box, final boolean applies) {
        boxes.get(box).setVisible(applies);
    }

    private boolean on(final String box) {
        return boxes.get(box).isVisible() && boxes.get(box).isSelected();
    }

    private String problem() {
        if (number(top) < 0) {
            return "Classes to name: write a whole number, such as 3.";
        }
        for (final String problem : Arrays.asList(target.problem(choices),
                offer.frameworkProblem(choices.frameworkName()), models.problem())) {
            if (!problem.isEmpty()) {
                return problem;
            }
        }
        return "";
    }

    private void preview() {
        final String problem = problem();
        if (!problem.isEmpty()) {
            judge(problem, "");
            return;
        }
        judge("", "Classifying the first…");
        new Thread(() -> {
            String said;
            try {
                said = preview.show(choices);
            } catch (ZooBridgeException error) {
                said = Failure.sentence(error);
            }
            final String note = said;
            EventQueue.invokeLater(() -> judge(problem(), note));
        }, "ZooBridge preview").start();
    }

    @Override
    protected void closed() {
        preview.clear();
    }

    private void record() {
        if (!Recorder.record) {
            return;
        }
        Recorder.recordOption("model", choices.model());
        Recorder.recordOption("target", target.target().label());
        if (target.target() == Target.LABELS) {
            Recorder.recordOption("labels", choices.labels());
        }
        if (target.target() == Target.TILES) {
            Recorder.recordOption("tile_size", String.valueOf(choices.tileSize()));
        }
        Recorder.recordOption("top", String.valueOf(choices.top()));
        if (!choices.channels().trim().isEmpty()) {
            Recorder.recordOption("channels", choices.channels());
        }
        recordIntensity(choices);
        if (!choices.frameworkName().isEmpty()) {
            Recorder.recordOption("framework", choices.framework());
        }
        for (final String box : boxes.keySet()) {
            if (on(box)) {
                Recorder.recordOption(box);
            }
        }
    }
}
