package org.zoobridge.imagej.dialogs;

import ij.ImagePlus;
import ij.WindowManager;
import ij.gui.Roi;
import ij.plugin.frame.RoiManager;

import java.awt.Dimension;
import java.util.ArrayList;
import java.util.List;

import javax.swing.JComboBox;
import javax.swing.JPanel;
import javax.swing.JTextField;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.imagej.Choices;
import org.zoobridge.imagej.LabelImage;
import org.zoobridge.imagej.PixelReader;
import org.zoobridge.imagej.Places;
import org.zoobridge.imagej.Target;

/** The fields that say what of an image is classified; each appears when it applies. */
final class TargetFields {

    private static final int COLUMNS = 6;

    private final Form form;
    private final ImagePlus image;
    private final JComboBox<String> target = new JComboBox<>();
    private final JComboBox<String> labels = new JComboBox<>();
    private final JTextField tileSize;
    private final JTextField channels;
    private final JTextField intensity;
    private final JPanel tileRow;
    private final JPanel channelRow;

    TargetFields(final Form form, final ImagePlus image, final Choices choices) {
        this.form = form;
        this.image = image;
        for (final Target one : targets(image)) {
            target.addItem(one.label());
        }
        target.setSelectedItem(preferred(image, choices).label());
        for (final ImagePlus other : labelImages(image)) {
            labels.addItem(other.getTitle());
        }
        // A title may be long, and must not make the dialog as wide.
        labels.setPrototypeDisplayValue("nuclei of experiment 12.tif");
        labels.setMinimumSize(new Dimension(0, 0));
        form.add("Classify", "target", "What of the image is classified", target);
        form.add("Label image", "labels", "An open image in which each object has a number of its own", labels);
        tileSize = form.text("tile_size", String.valueOf(choices.tileSize()), COLUMNS, "Side of a tile in pixels");
        tileRow = form.add("Tile size", "", "Side of a tile in pixels", Form.narrow(tileSize));
        channels = form.text("channels", "", 2 * COLUMNS,
                "Channels in the order in which the model takes them, such as 3,2,1; empty for all");
        channelRow = form.add("Channels", "", "Such as 3,2,1; empty for all", Form.narrow(channels));
        intensity = Form.intensity(form);
    }

    /** The targets that make sense for an image as it is now. */
    static List<Target> targets(final ImagePlus image) {
        final List<Target> targets = new ArrayList<>();
        final boolean stack = image.getNSlices() * image.getNFrames() > 1;
        final RoiManager manager = RoiManager.getInstance2();
        for (final Target one : Target.values()) {
            final boolean offered;
            switch (one) {
                case IMAGE:
                    offered = !stack;
                    break;
                case SLICE:
                case STACK:
                    offered = stack;
                    break;
                case SELECTION:
                    offered = isArea(image.getRoi());
                    break;
                case ROI_MANAGER:
                    offered = manager != null && manager.getCount() > 0;
                    break;
                case OVERLAY:
                    offered = !new Places(image).overlaid().isEmpty();
                    break;
                case LABELS:
                    offered = !labelImages(image).isEmpty();
                    break;
                default:
                    offered = true;
            }
            if (offered) {
                targets.add(one);
            }
        }
        return targets;
    }

    private static boolean isArea(final Roi roi) {
        return roi != null && roi.isArea();
    }

    /** Open images that can be the label image, this one last. */
    static List<ImagePlus> labelImages(final ImagePlus image) {
        final List<ImagePlus> found = new ArrayList<>();
        final int[] ids = WindowManager.getIDList();
        for (final int id : ids == null ? new int[0] : ids) {
            final ImagePlus other = WindowManager.getImage(id);
            if (other != null && other != image && LabelImage.fits(other, image)) {
                found.add(other);
            }
        }
        return found;
    }

    /** A drawn area is what every ImageJ user expects; else what was classified last. */
    private static Target preferred(final ImagePlus image, final Choices choices) {
        final List<Target> targets = targets(image);
        if (targets.contains(Target.SELECTION)) {
            return Target.SELECTION;
        }
        final Target last = choices.targetIn(image);
        return targets.contains(last) ? last : targets.get(0);
    }

    /** Shows what applies, and takes over what is there. */
    void read(final Choices choices) {
        choices.target(target()).tileSize(Math.max(0, Form.number(tileSize))).channels(channels.getText())
                .intensity(intensity.getText())
                .labels(labels.getSelectedItem() == null ? "" : labels.getSelectedItem().toString());
        form.show(labels, target() == Target.LABELS);
        form.show(tileRow, target() == Target.TILES);
        form.show(channelRow, new PixelReader(image).channels() > 1);
    }

    Target target() {
        return Target.of(String.valueOf(target.getSelectedItem()));
    }

    /** What the fields hold that cannot be; empty if nothing. */
    String problem(final Choices choices) {
        if (target() == Target.TILES && Form.number(tileSize) < 1) {
            return "Tile size: write a whole number of pixels, such as 128.";
        }
        try {
            choices.requireChannels(new PixelReader(image).channels());
            choices.intensityRule();
        } catch (ZooBridgeException error) {
            return error.getMessage();
        }
        return "";
    }

    /** Channels that the model would see. */
    int channels(final Choices choices) {
        final int available = new PixelReader(image).channels();
        try {
            final int chosen = choices.channelIndexes().length;
            return chosen > 0 ? chosen : available;
        } catch (ZooBridgeException unreadable) {
            return available;
        }
    }

    /** Size of one item; empty where it differs from item to item. */
    Dimension itemSize(final Choices choices) {
        switch (target()) {
            case TILES:
                return new Dimension(Math.min(choices.tileSize(), image.getWidth()),
                        Math.min(choices.tileSize(), image.getHeight()));
            case SELECTION:
                return isArea(image.getRoi()) ? image.getRoi().getBounds().getSize() : new Dimension();
            case IMAGE:
            case SLICE:
            case STACK:
                return new Dimension(image.getWidth(), image.getHeight());
            default:
                return new Dimension();
        }
    }
}
