package org.zoobridge.imagej;

import ij.IJ;
import ij.ImagePlus;
import ij.WindowManager;
import ij.gui.ImageCanvas;
import ij.gui.Overlay;
import ij.gui.Roi;
import ij.measure.Calibration;
import ij.measure.ResultsTable;
import ij.text.TextPanel;
import ij.text.TextWindow;

import java.awt.EventQueue;
import java.awt.Rectangle;
import java.awt.Window;
import java.awt.event.MouseAdapter;
import java.awt.event.MouseEvent;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.WeakHashMap;

import javax.swing.JMenuItem;
import javax.swing.JOptionPane;
import javax.swing.JPopupMenu;
import javax.swing.SwingUtilities;

/**
 * Rows of the table and drawn regions show each other: a click on a row selects the region, a click on a region selects
 * the row. A right click on a region offers the classes, to correct it.
 */
final class RegionLinks {

    private static final double SAME = 1e-6;
    private static final Set<Object> LINKED = Collections.synchronizedSet(
            Collections.newSetFromMap(new WeakHashMap<>()));

    private RegionLinks() {
    }

    /** Links an image that has drawings. */
    static void link(final ImagePlus image) {
        final ImageCanvas canvas = image.getCanvas();
        if (canvas != null && LINKED.add(canvas)) {
            final Mouse mouse = new Mouse(image, canvas);
            canvas.addMouseListener(mouse);
            canvas.addMouseMotionListener(mouse);
        }
    }

    /** Links the table of results, once its window is open. */
    static void linkTable() {
        final TextPanel panel = panel();
        if (panel != null && LINKED.add(panel)) {
            panel.addMouseListener(new MouseAdapter() {
                @Override
                public void mouseReleased(final MouseEvent event) {
                    final int row = panel.getSelectionStart();
                    if (row >= 0 && row == panel.getSelectionEnd()) {
                        showRegion(row);
                    }
                }
            });
        }
    }

    private static TextPanel panel() {
        final Window window = WindowManager.getWindow(Tables.RESULTS);
        return window instanceof TextWindow ? ((TextWindow) window).getTextPanel() : null;
    }

    /**
     * Shows the region of a row: in its plane, as the selection.
     *
     * @param row index from 0
     * @return whether the row's image is open
     */
    static boolean showRegion(final int row) {
        final ResultsTable table = ResultsTable.getResultsTable(Tables.RESULTS);
        final ImagePlus image = WindowManager.getImage(text(table, "image", row));
        if (image == null) {
            return false;
        }
        final Map<String, Integer> plane = plane(text(table, "plane", row));
        if (image.getStackSize() > 1) {
            image.setPosition(image.getC(), plane.getOrDefault("Z", image.getZ()), plane.getOrDefault("T", image.getT()));
        }
        final Rectangle box = box(table, row, image);
        if (box == null) {
            image.deleteRoi();
            return true;
        }
        final Roi drawn = drawing(image, text(table, "plane", row), box);
        final Roi shown = drawn == null ? new Roi(box) : Place.copy(drawn);
        for (final String property : new String[] {Places.OWN, Drawings.PLACE, Drawings.MODEL, Drawings.CORRECTED}) {
            shown.setProperty(property, null);
        }
        shown.setStrokeColor(null);
        shown.setFillColor(null);
        image.setRoi(shown);
        return true;
    }

    /** The row of a drawn region, the newest if there are several; -1 if there is none. */
    static int row(final ImagePlus image, final Roi drawing) {
        final ResultsTable table = ResultsTable.getResultsTable(Tables.RESULTS);
        final String plane = Drawings.plane(drawing);
        final boolean whole = Drawings.isWhole(drawing);
        for (int row = table == null ? -1 : table.size() - 1; row >= 0; row--) {
            if (image.getTitle().equals(text(table, "image", row)) && plane.equals(text(table, "plane", row))) {
                final Rectangle box = box(table, row, image);
                if (whole ? box == null : drawing.getBounds().equals(box)) {
                    return row;
                }
            }
        }
        return -1;
    }

    /** The drawing of a row's region or plane; null if it is not drawn. */
    static Roi drawing(final ImagePlus image, final int row) {
        final ResultsTable table = ResultsTable.getResultsTable(Tables.RESULTS);
        return drawing(image, text(table, "plane", row), box(table, row, image));
    }

    private static Roi drawing(final ImagePlus image, final String plane, final Rectangle box) {
        final Overlay overlay = image.getOverlay();
        for (final Roi roi : overlay == null ? new Roi[0] : overlay.toArray()) {
            if (Drawings.isAnswer(roi) && plane.equals(Drawings.plane(roi))
                    && (box == null ? Drawings.isWhole(roi) : box.equals(roi.getBounds()))) {
                return roi;
            }
        }
        return null;
    }

    private static Rectangle box(final ResultsTable table, final int row, final ImagePlus image) {
        if (!table.columnExists(Rows.X) || Double.isNaN(table.getValue(Rows.X, row))) {
            return null;
        }
        final Calibration scale = image.getCalibration();
        return new Rectangle((int) Math.round(scale.getRawX(table.getValue(Rows.X, row)) + SAME),
                (int) Math.round(scale.getRawY(table.getValue(Rows.Y, row), image.getHeight()) + SAME),
                (int) Math.round(table.getValue(Rows.WIDTH, row) / scale.pixelWidth),
                (int) Math.round(table.getValue(Rows.HEIGHT, row) / scale.pixelHeight));
    }

    static String text(final ResultsTable table, final String column, final int row) {
        return table.columnExists(column) ? table.getStringValue(column, row) : "";
    }

    private static Map<String, Integer> plane(final String text) {
        final Map<String, Integer> plane = new TreeMap<>();
        for (final String part : text.split(",")) {
            if (part.contains("=")) {
                plane.put(part.substring(0, 1), Integer.parseInt(part.substring(2)));
            }
        }
        return plane;
    }

    /** What the mouse does over an image with drawings. */
    private static final class Mouse extends MouseAdapter {

        private final ImagePlus image;
        private final ImageCanvas canvas;

        Mouse(final ImagePlus image, final ImageCanvas canvas) {
            this.image = image;
            this.canvas = canvas;
        }

        @Override
        public void mouseMoved(final MouseEvent event) {
            // ImageJ's own menu would come up beside ours.
            canvas.disablePopupMenu(Drawings.at(image, canvas.offScreenX(event.getX()),
                    canvas.offScreenY(event.getY())) != null);
        }

        @Override
        public void mousePressed(final MouseEvent event) {
            final Roi roi = Drawings.at(image, canvas.offScreenX(event.getX()), canvas.offScreenY(event.getY()));
            if (roi != null && (event.isPopupTrigger() || SwingUtilities.isRightMouseButton(event))) {
                menu(roi).show(canvas, event.getX(), event.getY());
            }
        }

        @Override
        public void mouseClicked(final MouseEvent event) {
            final Roi roi = Drawings.at(image, canvas.offScreenX(event.getX()), canvas.offScreenY(event.getY()));
            final TextPanel panel = panel();
            if (roi != null && panel != null && SwingUtilities.isLeftMouseButton(event)) {
                final int row = row(image, roi);
                if (row >= 0) {
                    panel.setSelection(row, row);
                    panel.showRow(row + 1);
                }
            }
        }

        private JPopupMenu menu(final Roi roi) {
            final JPopupMenu menu = new JPopupMenu();
            menu.setName("classes");
            for (final String label : Corrections.classes(image, roi)) {
                final JMenuItem item = new JMenuItem(label);
                item.setName(label);
                item.addActionListener(event -> correct(roi, label));
                menu.add(item);
            }
            menu.addSeparator();
            final JMenuItem other = new JMenuItem("Other class…");
            other.addActionListener(event -> {
                final String label = JOptionPane.showInputDialog(canvas, "Class of this region");
                if (label != null && !label.trim().isEmpty()) {
                    correct(roi, label.trim());
                }
            });
            menu.add(other);
            return menu;
        }

        private void correct(final Roi roi, final String label) {
            EventQueue.invokeLater(() -> {
                Corrections.correct(image, roi, label);
                IJ.showStatus(label + ": Plugins > ZooBridge > Export annotations… writes what was corrected");
            });
        }
    }
}
