package org.zoobridge.imagej.dialogs;

import ij.IJ;
import ij.gui.GUI;
import ij.plugin.frame.Recorder;

import java.awt.BorderLayout;
import java.awt.Color;
import java.awt.Dimension;
import java.awt.EventQueue;
import java.awt.FlowLayout;
import java.awt.GridBagConstraints;
import java.awt.GridBagLayout;
import java.awt.Insets;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

import javax.swing.BorderFactory;
import javax.swing.Box;
import javax.swing.JButton;
import javax.swing.JCheckBox;
import javax.swing.JComboBox;
import javax.swing.JComponent;
import javax.swing.JDialog;
import javax.swing.JLabel;
import javax.swing.JPanel;
import javax.swing.JTextArea;
import javax.swing.JTextField;
import javax.swing.KeyStroke;
import javax.swing.SwingConstants;

import org.zoobridge.client.options.Options;
import org.zoobridge.imagej.Choices;
import org.zoobridge.imagej.HelpPlugIn;

/**
 * A dialog of labelled fields that appear when they apply, with a line that says why OK cannot be pressed.
 * <p>
 * Made and shown on the event thread; the caller waits on its own.
 */
abstract class Form {

    private static final int GAP = 4;
    private static final int MARGIN = 10;
    private static final int STATUS_WIDTH = 440;
    private static final int INTENSITY_COLUMNS = 12;
    private static final Color PROBLEM = new Color(0xb00020);

    /** The window. */
    protected final JDialog dialog;

    private final JPanel fields = new JPanel(new GridBagLayout());
    private final JPanel buttons = new JPanel(new FlowLayout(FlowLayout.RIGHT, GAP, 0));
    private final JTextArea status = new JTextArea(2, 0);
    private final JButton ok = button("OK", "ok", "");
    private final Map<JComponent, JLabel> labels = new HashMap<>();
    private int row;
    private boolean accepted;

    /**
     * Starts an empty form.
     *
     * @param title the window's title
     */
    protected Form(final String title) {
        dialog = new JDialog(IJ.getInstance(), title, true);
        status.setName("status");
        status.setEditable(false);
        status.setLineWrap(true);
        status.setWrapStyleWord(true);
        status.setOpaque(false);
        status.setPreferredSize(new Dimension(STATUS_WIDTH, status.getPreferredSize().height));
        final JButton cancel = button("Cancel", "cancel", "");
        final JButton help = button("Help", "help", "What the fields mean, and their words in macros");
        ok.addActionListener(event -> {
            accepted = true;
            dialog.dispose();
        });
        cancel.addActionListener(event -> dialog.dispose());
        help.addActionListener(event -> HelpPlugIn.show(dialog));
        buttons.add(help);
        buttons.add(cancel);
        buttons.add(ok);
        final JPanel foot = new JPanel(new BorderLayout(GAP, GAP));
        foot.add(status, BorderLayout.CENTER);
        foot.add(buttons, BorderLayout.SOUTH);
        final JPanel content = new JPanel(new BorderLayout(GAP, GAP));
        content.setBorder(BorderFactory.createEmptyBorder(MARGIN, MARGIN, MARGIN, MARGIN));
        content.add(fields, BorderLayout.CENTER);
        content.add(foot, BorderLayout.SOUTH);
        dialog.setContentPane(content);
        dialog.getRootPane().setDefaultButton(ok);
        dialog.getRootPane().registerKeyboardAction(event -> dialog.dispose(), KeyStroke.getKeyStroke("ESCAPE"),
                JComponent.WHEN_IN_FOCUSED_WINDOW);
        dialog.setDefaultCloseOperation(JDialog.DISPOSE_ON_CLOSE);
    }

    /** Makes a named button with a tooltip. */
    protected static JButton button(final String text, final String name, final String hint) {
        final JButton button = new JButton(text);
        button.setName(name);
        button.setToolTipText(hint.isEmpty() ? null : hint);
        return button;
    }

    /** Adds a button before the others. */
    protected void addButton(final JButton button) {
        buttons.add(button, 0);
    }

    /** Adds a labelled field; a change of it is followed by {@link #changed}. */
    protected <C extends JComponent> C add(final String label, final String name, final String hint, final C field) {
        if (!name.isEmpty()) {
            field.setName(name);
        }
        if (!hint.isEmpty()) {
            field.setToolTipText(hint);
        }
        listen(field);
        final JLabel words = new JLabel(label, SwingConstants.RIGHT);
        words.setLabelFor(field);
        words.setToolTipText(hint.isEmpty() ? null : hint);
        labels.put(field, words);
        final GridBagConstraints place = new GridBagConstraints();
        place.gridy = row++;
        place.insets = new Insets(GAP, GAP, GAP / 2, GAP);
        place.anchor = GridBagConstraints.NORTHEAST;
        fields.add(words, place);
        place.insets = new Insets(GAP / 2, GAP, GAP / 2, GAP);
        place.anchor = GridBagConstraints.NORTHWEST;
        place.gridx = 1;
        place.weightx = 1;
        place.fill = GridBagConstraints.HORIZONTAL;
        fields.add(field, place);
        return field;
    }

    /** Makes a check box; a change of it is followed by {@link #changed}. */
    protected JCheckBox box(final String label, final String name, final boolean on, final String hint) {
        final JCheckBox box = new JCheckBox(label, on);
        box.setName(name);
        box.setToolTipText(hint);
        listen(box);
        return box;
    }

    /** Makes a text field; a change of it is followed by {@link #changed}. */
    protected JTextField text(final String name, final String value, final int columns, final String hint) {
        final JTextField field = new JTextField(value, columns);
        field.setName(name);
        field.setToolTipText(hint);
        listen(field);
        return field;
    }

    /** Adds the field that says how intensities reach the model's range. */
    static JTextField intensity(final Form form) {
        final String hint = "How intensities reach the model's range: automatic, as_is, dtype_range, unit_range, min_max, "
                + "or the two that become its ends, such as 0,4095";
        final JTextField field = form.text("intensity", Options.AUTOMATIC, INTENSITY_COLUMNS, hint);
        form.add("Intensity", "", hint, narrow(field));
        return field;
    }

    /** Records that field for a macro, where it does not hold its default. */
    static void recordIntensity(final Choices choices) {
        if (!Options.AUTOMATIC.equals(choices.intensity())) {
            Recorder.recordOption("intensity", choices.intensity());
        }
    }

    /** A field's whole number; -1 where it holds none. */
    protected static int number(final JTextField field) {
        try {
            return Math.max(-1, Integer.parseInt(field.getText().trim()));
        } catch (NumberFormatException error) {
            return -1;
        }
    }

    /** Puts a field and a button behind it into one. */
    protected static JPanel beside(final JComponent field, final JComponent button) {
        final JPanel both = new JPanel(new BorderLayout(GAP, 0));
        both.add(field, BorderLayout.CENTER);
        both.add(button, BorderLayout.EAST);
        return both;
    }

    /** Keeps a short field short. */
    protected static JPanel narrow(final JComponent field) {
        final Box line = Box.createHorizontalBox();
        line.add(field);
        final JPanel panel = new JPanel(new FlowLayout(FlowLayout.LEFT, 0, 0));
        panel.add(line);
        return panel;
    }

    /** Has changes of a field followed by {@link #changed}. */
    protected void listen(final JComponent field) {
        if (field instanceof JTextField) {
            ((JTextField) field).getDocument().addDocumentListener(new TextListener(this::changed));
        } else if (field instanceof JComboBox) {
            ((JComboBox<?>) field).addActionListener(event -> changed());
        } else if (field instanceof JCheckBox) {
            ((JCheckBox) field).addActionListener(event -> changed());
        }
    }

    /** Shows a field with its label, or hides both. */
    protected void show(final JComponent field, final boolean applies) {
        if (field.isVisible() != applies) {
            field.setVisible(applies);
            labels.get(field).setVisible(applies);
            dialog.pack();
        }
    }

    /** Takes over what the fields hold after one has changed, and calls {@link #judge}. */
    protected abstract void changed();

    /**
     * Says whether the form can be run.
     *
     * @param problem why not; empty if it can
     * @param note    what to show where it can
     */
    protected void judge(final String problem, final String note) {
        ok.setEnabled(problem.isEmpty());
        status.setForeground(problem.isEmpty() ? Color.darkGray : PROBLEM);
        status.setText(problem.isEmpty() ? note : problem);
        status.setCaretPosition(0);
    }

    /** Shows the dialog and waits for its end; true if OK was pressed. */
    private boolean ask() {
        changed();
        dialog.pack();
        GUI.centerOnImageJScreen(dialog);
        dialog.setVisible(true);
        closed();
        return accepted;
    }

    /** Cleans up once the dialog is closed. */
    protected void closed() {
    }

    /**
     * Makes a form, shows it and waits.
     *
     * @param maker makes it, on the event thread
     * @param <F>   the form
     * @return the form; null if the person cancelled
     */
    static <F extends Form> F ask(final Supplier<F> maker) {
        final List<F> answer = new ArrayList<>();
        try {
            EventQueue.invokeAndWait(() -> {
                final F form = maker.get();
                if (((Form) form).ask()) {
                    answer.add(form);
                }
            });
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (InvocationTargetException error) {
            if (error.getCause() instanceof RuntimeException) {
                throw (RuntimeException) error.getCause();
            }
            throw new IllegalStateException(error.getCause());
        }
        return answer.isEmpty() ? null : answer.get(0);
    }
}
