package org.zoobridge.imagej;

import ij.IJ;
import ij.ImagePlus;
import ij.WindowManager;
import ij.gui.GenericDialog;
import ij.gui.Roi;
import ij.plugin.PlugIn;
import ij.plugin.frame.RoiManager;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.options.Named;
import org.zoobridge.client.options.Words;
import org.zoobridge.v1.ErrorReason;

/**
 * Plugins &gt; ZooBridge &gt; Regions by class…: selects or deletes the regions of a class, in the ROI Manager and among
 * the drawings; and Clear drawings, which takes this plugin's drawings away and leaves the user's.
 * <p>
 * In a macro: {@code run("Regions by class...", "class=grass action=Delete")}.
 */
public final class RegionsPlugIn implements PlugIn {

    private static final String TITLE = "Regions by class...";
    private static final List<String> KEYS = Collections.unmodifiableList(Arrays.asList("class", "action"));

    @Override
    public void run(final String argument) {
        Failure.guard("clear".equals(argument) ? "Clear drawings" : TITLE, () -> {
            if ("clear".equals(argument)) {
                Drawings.remove(ClassifyPlugIn.currentImage(), roi -> true);
                return;
            }
            final Words options = MacroOptions.current(TITLE, KEYS);
            if (options != null) {
                act(options.text("class", ""), Named.of(Action.values(), options.text("action", "Select"), "action"));
                return;
            }
            final String[] classes = classes().toArray(new String[0]);
            if (classes.length == 0) {
                throw nothing("No region has a class. Classify with Overlay or Classes into ROI Manager first.");
            }
            final GenericDialog dialog = new GenericDialog("Regions by class");
            dialog.addChoice("Class", classes, classes[0]);
            dialog.addChoice("Action", new String[] {Action.SELECT.label(), Action.DELETE.label()},
                    Action.SELECT.label());
            dialog.addHelp(HelpPlugIn.html());
            dialog.showDialog();
            if (!dialog.wasCanceled()) {
                act(dialog.getNextChoice(), Named.of(Action.values(), dialog.getNextChoice(), "action"));
            }
        });
    }

    private static Set<String> classes() {
        final Set<String> classes = new TreeSet<>();
        for (final Roi roi : managed()) {
            if (roi.getProperty(Places.OWN) != null) {
                classes.add(roi.getProperty(Places.OWN));
            }
        }
        final ImagePlus image = WindowManager.getCurrentImage();
        if (image != null && image.getOverlay() != null) {
            for (final Roi roi : image.getOverlay().toArray()) {
                if (Drawings.isAnswer(roi)) {
                    classes.add(Drawings.label(roi));
                }
            }
        }
        return classes;
    }

    private static Roi[] managed() {
        final RoiManager manager = RoiManager.getInstance2();
        return manager == null ? new Roi[0] : manager.getRoisAsArray();
    }

    private static void act(final String label, final Action action) {
        final List<Integer> indexes = new ArrayList<>();
        final Roi[] managed = managed();
        for (int i = 0; i < managed.length; i++) {
            if (label.equals(managed[i].getProperty(Places.OWN))) {
                indexes.add(i);
            }
        }
        final ImagePlus image = WindowManager.getCurrentImage();
        final List<Roi> drawn = Corrections.ofClass(image, label);
        if (indexes.isEmpty() && (drawn.isEmpty() || action == Action.SELECT)) {
            throw nothing("No region of the class \"" + label + "\" is in the ROI Manager"
                    + (action == Action.DELETE ? " or drawn over the image" : "") + ". Classes with regions: "
                    + String.join(", ", classes()) + ".");
        }
        final RoiManager manager = RoiManager.getInstance2();
        if (!indexes.isEmpty()) {
            manager.setSelectedIndexes(indexes.stream().mapToInt(Integer::intValue).toArray());
        }
        if (action == Action.DELETE) {
            if (!indexes.isEmpty()) {
                manager.runCommand("Delete");
            }
            if (!drawn.isEmpty()) {
                Drawings.remove(image, drawn::contains);
            }
        }
        IJ.showStatus(indexes.size() + " regions of " + label);
    }

    private static ZooBridgeException nothing(final String sentence) {
        return ZooBridgeException.of(ErrorReason.ERROR_REASON_REGION, sentence).field("class");
    }

    /** What is done with the regions. */
    private enum Action implements Named {

        SELECT("Select"),
        DELETE("Delete");

        private final String label;

        Action(final String label) {
            this.label = label;
        }

        @Override
        public String label() {
            return label;
        }
    }
}
