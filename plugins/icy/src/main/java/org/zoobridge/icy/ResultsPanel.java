package org.zoobridge.icy;

import java.awt.BorderLayout;
import java.awt.Color;
import java.awt.FlowLayout;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import javax.swing.JButton;
import javax.swing.JFileChooser;
import javax.swing.JLabel;
import javax.swing.JOptionPane;
import javax.swing.JPanel;
import javax.swing.JScrollPane;
import javax.swing.JTable;
import javax.swing.JTextArea;
import javax.swing.table.AbstractTableModel;

import org.zoobridge.client.results.ResultTable;


/** The table of a session's results, with a button that saves it as CSV. For the event thread. */
public final class ResultsPanel extends JPanel {

    private static final long serialVersionUID = 1L;

    private final transient List<ResultTable> runs = new ArrayList<>();
    private final Rows rows = new Rows();
    private final JLabel counts = new JLabel(" ");
    private final JTextArea warnings = new JTextArea();
    private transient String classes = "";

    /** Makes an empty table. */
    public ResultsPanel() {
        super(new BorderLayout());
        final JTable table = new JTable(rows);
        table.setName("table");
        counts.setName("counts");
        warnings.setName("warnings");
        table.setAutoResizeMode(JTable.AUTO_RESIZE_OFF);
        table.setAutoCreateRowSorter(true);
        add(new JScrollPane(table), BorderLayout.CENTER);
        final JButton save = new JButton("Save as CSV…");
        save.addActionListener(event -> save(csv()));
        final JButton saveClasses = new JButton("Save classes as CSV…");
        saveClasses.setToolTipText("Count, share, area and mean score by class, of the last run");
        saveClasses.addActionListener(event -> save(classes));
        warnings.setEditable(false);
        warnings.setLineWrap(true);
        warnings.setWrapStyleWord(true);
        warnings.setOpaque(false);
        warnings.setForeground(Color.RED.darker());
        final JPanel head = new JPanel(new BorderLayout());
        head.add(counts, BorderLayout.NORTH);
        head.add(warnings, BorderLayout.CENTER);
        add(head, BorderLayout.NORTH);
        final JPanel buttons = new JPanel(new FlowLayout(FlowLayout.RIGHT));
        buttons.add(saveClasses);
        buttons.add(save);
        add(buttons, BorderLayout.SOUTH);
    }

    /**
     * Appends the rows of a run.
     *
     * @param table the rows
     */
    public void append(final ResultTable table) {
        runs.add(table);
        rows.refresh();
    }

    /**
     * Everything that is shown, as CSV.
     *
     * @return the text
     */
    public String csv() {
        return ResultTable.joined(runs).csv();
    }

    /**
     * Shows classes and counts, while a run goes on and after it.
     *
     * @param line    classes and counts
     * @param summary the classes as CSV
     */
    public void count(final String line, final String summary) {
        counts.setText(line.isEmpty() ? " " : line);
        classes = summary;
    }

    /**
     * The classes that are shown.
     *
     * @return classes and counts
     */
    public String counted() {
        return counts.getText();
    }

    /**
     * Shows above the table what a person must see of the last run.
     *
     * @param sentences a line each; none takes those of the run before away
     */
    public void warn(final List<String> sentences) {
        warnings.setText(String.join("\n", sentences));
        revalidate();
    }

    /**
     * The warnings that are shown.
     *
     * @return lines
     */
    public String warned() {
        return warnings.getText();
    }

    private void save(final String content) {
        final JFileChooser files = new JFileChooser();
        files.setDialogTitle("Save the results as CSV");
        if (files.showSaveDialog(this) != JFileChooser.APPROVE_OPTION) {
            return;
        }
        final Path file = files.getSelectedFile().toPath();
        try {
            Files.write(file, content.getBytes(StandardCharsets.UTF_8));
        } catch (IOException error) {
            JOptionPane.showMessageDialog(this, "The table cannot be saved as " + file + " (" + error
                    + "); choose another place.", "ZooBridge", JOptionPane.ERROR_MESSAGE);
        }
    }

    /** The rows of all runs under the columns of all of them. */
    private final class Rows extends AbstractTableModel {

        private static final long serialVersionUID = 1L;

        private transient ResultTable all = new ResultTable();

        void refresh() {
            all = ResultTable.joined(runs);
            fireTableStructureChanged();
        }

        @Override
        public int getRowCount() {
            return all.rows().size();
        }

        @Override
        public int getColumnCount() {
            return all.columns().size();
        }

        @Override
        public String getColumnName(final int column) {
            return all.columns().get(column);
        }

        @Override
        public Object getValueAt(final int row, final int column) {
            final Map<String, Object> values = all.rows().get(row);
            return values.get(all.columns().get(column));
        }
    }
}
