package org.zoobridge.imagej.dialogs;

import java.awt.BorderLayout;
import java.awt.Color;
import java.awt.Component;
import java.awt.Dimension;
import java.util.ArrayList;
import java.util.List;

import javax.swing.DefaultListCellRenderer;
import javax.swing.DefaultListModel;
import javax.swing.JList;
import javax.swing.JPanel;
import javax.swing.JScrollPane;
import javax.swing.JTextArea;
import javax.swing.JTextField;
import javax.swing.ListSelectionModel;

/** A list of models by name, with a search field where there are many, and what the selected one is. */
final class ModelList extends JPanel {

    private static final long serialVersionUID = 1L;

    /** Up to so many models, a list alone is clear enough. */
    private static final int FEW = 10;
    private static final int GAP = 4;
    private static final int WIDTH = 420;
    private static final int LIST_HEIGHT = 96;
    private static final int NOTE_HEIGHT = 92;

    private final DefaultListModel<ModelOffer.Entry> shown = new DefaultListModel<>();
    private final JList<ModelOffer.Entry> list = new JList<>(shown);
    private final JTextField search = new JTextField();
    private final JTextArea note = new JTextArea();
    private transient List<ModelOffer.Entry> entries = new ArrayList<>();
    private boolean filling;

    /**
     * Makes an empty list.
     *
     * @param several  whether several models may be selected
     * @param onChange called after each change of the selection
     */
    ModelList(final boolean several, final Runnable onChange) {
        super(new BorderLayout(GAP, GAP));
        list.setName("model");
        search.setName("search");
        note.setName("description");
        list.setSelectionMode(several ? ListSelectionModel.MULTIPLE_INTERVAL_SELECTION
                : ListSelectionModel.SINGLE_SELECTION);
        list.setToolTipText(several ? "Select several with Ctrl or Shift" : "The best fit for this image comes first");
        list.setCellRenderer(new Renderer());
        list.addListSelectionListener(event -> {
            if (!event.getValueIsAdjusting() && !filling) {
                describe();
                onChange.run();
            }
        });
        search.setToolTipText("Words of the name, a tag or a class");
        search.getDocument().addDocumentListener(new TextListener(() -> {
            fill(references());
            onChange.run();
        }));
        note.setEditable(false);
        note.setLineWrap(true);
        note.setWrapStyleWord(true);
        note.setOpaque(false);
        final JScrollPane scroll = new JScrollPane(list);
        scroll.setPreferredSize(new Dimension(WIDTH, LIST_HEIGHT));
        final JScrollPane description = new JScrollPane(note);
        description.setPreferredSize(new Dimension(WIDTH, NOTE_HEIGHT));
        add(search, BorderLayout.NORTH);
        add(scroll, BorderLayout.CENTER);
        add(description, BorderLayout.SOUTH);
    }

    /**
     * Offers models, keeping the selection where it can.
     *
     * @param offered  the models in order
     * @param selected references to select; where none of them is offered, the first model
     */
    void offer(final List<ModelOffer.Entry> offered, final List<String> selected) {
        entries = offered;
        search.setVisible(entries.size() > FEW);
        fill(selected);
    }

    private void fill(final List<String> selected) {
        filling = true;
        shown.clear();
        for (final ModelOffer.Entry entry : entries) {
            if (entry.matches(search.getText())) {
                shown.addElement(entry);
                if (selected.contains(entry.reference())) {
                    list.addSelectionInterval(shown.size() - 1, shown.size() - 1);
                }
            }
        }
        if (list.isSelectionEmpty() && !shown.isEmpty()) {
            list.setSelectedIndex(0);
        }
        list.ensureIndexIsVisible(Math.max(0, list.getSelectedIndex()));
        filling = false;
        describe();
    }

    private void describe() {
        final ModelOffer.Entry entry = list.getSelectedValue();
        note.setText(entry == null ? "" : entry.describe());
        note.setCaretPosition(0);
    }

    /** References of the selected models. */
    List<String> references() {
        final List<String> references = new ArrayList<>();
        for (final ModelOffer.Entry entry : list.getSelectedValuesList()) {
            references.add(entry.reference());
        }
        return references;
    }

    /** Why the selection cannot be run; empty if it can. */
    String problem() {
        if (list.isSelectionEmpty()) {
            return shown.isEmpty() ? "No model matches the search." : "No model is selected.";
        }
        for (final ModelOffer.Entry entry : list.getSelectedValuesList()) {
            if (!entry.problem().isEmpty()) {
                return entry.problem() + ".";
            }
        }
        return "";
    }

    /** Greys what cannot be used. */
    private static final class Renderer extends DefaultListCellRenderer {

        private static final long serialVersionUID = 1L;

        @Override
        public Component getListCellRendererComponent(final JList<?> list, final Object value, final int index,
                final boolean isSelected, final boolean hasFocus) {
            final Component cell = super.getListCellRendererComponent(list, value, index, isSelected, hasFocus);
            if (value instanceof ModelOffer.Entry && !((ModelOffer.Entry) value).problem().isEmpty()) {
                cell.setForeground(Color.gray);
            }
            return cell;
        }
    }
}
