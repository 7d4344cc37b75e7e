import icy.gui.frame.progress.ProgressFrame;
import icy.main.Icy;
import icy.roi.ROI;
import icy.roi.ROI2D;
import icy.sequence.Sequence;

import java.awt.Component;
import java.awt.Container;
import java.awt.EventQueue;
import java.awt.Frame;
import java.awt.Point;
import java.awt.Rectangle;
import java.awt.Robot;
import java.awt.event.InputEvent;
import java.awt.image.BufferedImage;
import java.io.File;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

import javax.imageio.ImageIO;
import javax.swing.JButton;
import javax.swing.JComboBox;
import javax.swing.JLabel;
import javax.swing.JTable;

import plugins.adufour.blocks.lang.Block;
import plugins.adufour.blocks.util.VarList;
import plugins.adufour.vars.lang.Var;
import plugins.adufour.vars.util.VarException;
import plugins.zoobridge.blocks.ClassifyFolder;
import plugins.zoobridge.blocks.ClassifySequence;
import plugins.zoobridge.classify.ZooBridgeClassify;

/** Runs the plugin in the stand-in for Icy. Words: what to run, a picture to open, and the options. */
public class Program {

    private static final int TILE = 64;
    private static final long PATIENCE_MS = 60_000;

    public static void main(final String... words) throws Exception {
        final Sequence sequence = open(new File(words[1]));
        final String[] options = Arrays.copyOfRange(words, 2, words.length);
        Icy.open(sequence, options);
        switch (words[0]) {
            case "command":
                new ZooBridgeClassify().run();
                return;
            case "folder":
                run(new ClassifyFolder(), null, options);
                return;
            case "sequence":
                run(new ClassifySequence(), sequence, options);
                return;
            default:
                try {
                    window(sequence, new File(options[0]));
                    System.exit(0);
                } catch (Exception | AssertionError error) {
                    error.printStackTrace();
                    System.exit(1);
                }
        }
    }

    /** The green channel alone, with a region for each tile. */
    private static Sequence open(final File file) throws Exception {
        final BufferedImage image = ImageIO.read(file);
        final byte[] pixels = new byte[image.getWidth() * image.getHeight()];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (image.getRGB(i % image.getWidth(), i / image.getWidth()) >> 8);
        }
        final Sequence sequence = new Sequence(file.getName(), image.getWidth(), image.getHeight(), pixels);
        for (int y = 0; y + TILE <= image.getHeight(); y += TILE) {
            for (int x = 0; x + TILE <= image.getWidth(); x += TILE) {
                sequence.addROI(new Box(new Rectangle(x, y, TILE, TILE)));
            }
        }
        return sequence;
    }

    private static void run(final Block block, final Sequence sequence, final String... options) {
        final VarList inputs = new VarList();
        final VarList outputs = new VarList();
        block.declareInput(inputs);
        block.declareOutput(outputs);
        System.out.println("inputs=" + String.join(",", inputs.names()));
        for (final String option : options) {
            final Var<Object> variable = inputs.get(option.substring(0, option.indexOf('=')));
            final String value = option.substring(option.indexOf('=') + 1);
            variable.setValue(variable.getValue() instanceof Boolean ? (Object) Boolean.valueOf(value)
                    : variable.getValue() instanceof Integer ? (Object) Integer.valueOf(value) : value);
        }
        if (sequence != null) {
            inputs.get("sequence").setValue(sequence);
        }
        try {
            block.run();
        } catch (VarException error) {
            System.out.println("error=" + error.getMessage());
        }
        for (final String name : outputs.names()) {
            final Object value = outputs.get(name).getValue();
            System.out.println("[" + name + "]");
            System.out.println(value instanceof ROI[] ? names((ROI[]) value) : value);
        }
    }

    private static String names(final ROI... rois) {
        final StringBuilder names = new StringBuilder();
        for (final ROI roi : rois) {
            names.append(roi.getName()).append('\n');
        }
        return names.toString();
    }

    /** Classifies the regions in the window, with the mouse, and takes a picture of it. */
    private static void window(final Sequence sequence, final File screenshot) throws Exception {
        new ZooBridgeClassify().run();
        final Frame frame = Frame.getFrames()[0];
        final JButton run = part(frame, "run", JButton.class);
        await(run::isEnabled);
        EventQueue.invokeAndWait(() -> {
            part(frame, "model", JComboBox.class).setSelectedItem("textures");
            part(frame, "target", JComboBox.class).setSelectedIndex(1);
        });
        final Robot robot = new Robot();
        final Point place = run.getLocationOnScreen();
        robot.mouseMove(place.x + run.getWidth() / 2, place.y + run.getHeight() / 2);
        robot.mousePress(InputEvent.BUTTON1_DOWN_MASK);
        robot.mouseRelease(InputEvent.BUTTON1_DOWN_MASK);
        final JTable table = part(frame, "table", JTable.class);
        await(() -> table.getRowCount() == sequence.getROIs().size());
        final JLabel counts = part(frame, "counts", JLabel.class);
        await(() -> counts.getText().contains("brick"));
        robot.waitForIdle();
        ImageIO.write(robot.createScreenCapture(frame.getBounds()), "png", screenshot);
        System.out.println("counts=" + counts.getText());
        System.out.println("progress=" + ProgressFrame.MESSAGES);
        System.out.println("first=" + sequence.getROIs().get(0).getName());
        sequence.undo();
        System.out.println("undone=" + sequence.getROIs().get(0).getName());
    }

    private static <C extends Component> C part(final Container inside, final String name, final Class<C> type) {
        for (final Component one : inside.getComponents()) {
            if (name.equals(one.getName()) && type.isInstance(one)) {
                return type.cast(one);
            }
            if (one instanceof Container) {
                final C found = part((Container) one, name, type);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    private static void await(final BooleanSupplier condition) throws InterruptedException {
        final long limit = System.currentTimeMillis() + PATIENCE_MS;
        while (!condition.getAsBoolean()) {
            if (System.currentTimeMillis() > limit) {
                throw new AssertionError("nothing came");
            }
            Thread.sleep(50);
        }
    }

    /** A rectangle on all planes. */
    private static final class Box extends ROI2D {

        private final Rectangle bounds;

        Box(final Rectangle bounds) {
            this.bounds = bounds;
            setName("tile " + bounds.x + " " + bounds.y);
        }

        @Override
        public Rectangle getBounds() {
            return bounds;
        }

        @Override
        public boolean[] getBooleanMask2D(final Rectangle box, final int z, final int t, final int c,
                final boolean inclusive) {
            final boolean[] mask = new boolean[box.width * box.height];
            Arrays.fill(mask, true);
            return mask;
        }
    }
}
