package org.zoobridge.imagej;

import ij.measure.ResultsTable;

import java.awt.GraphicsEnvironment;
import java.util.List;
import java.util.Map;

import org.zoobridge.client.results.ResultTable;


/** Shows results as ImageJ's tables. */
public final class Tables {

    /** Title of the window with all results of a session. */
    public static final String RESULTS = "ZooBridge Results";

    private static final int DECIMALS = 6;

    private Tables() {
    }

    /**
     * Appends rows to a table window, opening it if need be. Rows that are there stay as they are; no row opens nothing.
     *
     * @param title the window's title
     * @param rows  the rows
     */
    public static synchronized void append(final String title, final ResultTable rows) {
        if (rows.rows().isEmpty()) {
            return;
        }
        final ResultsTable shown = ResultsTable.getResultsTable(title);
        final ResultsTable table = shown == null ? new ResultsTable() : shown;
        table.showRowNumbers(false);
        table.setNaNEmptyCells(true);
        fill(table, rows);
        show(table, title);
    }

    /** Shows a table, where there is a display to show it on. */
    static void show(final ResultsTable table, final String title) {
        if (!GraphicsEnvironment.isHeadless()) {
            table.show(title);
            RegionLinks.linkTable();
        }
    }

    /**
     * A table of its own, not shown.
     *
     * @param rows the rows
     * @return the table
     */
    public static ResultsTable table(final ResultTable rows) {
        final ResultsTable table = new ResultsTable();
        table.showRowNumbers(false);
        table.setNaNEmptyCells(true);
        fill(table, rows);
        return table;
    }

    private static void fill(final ResultsTable table, final ResultTable rows) {
        final List<String> columns = rows.columns();
        for (final Map<String, Object> row : rows.rows()) {
            table.incrementCounter();
            for (final String column : columns) {
                final Object value = row.get(column);
                if (value instanceof Double) {
                    table.addValue(column, (Double) value);
                } else if (value != null) {
                    table.addValue(column, value.toString());
                } else if (isNumeric(column)) {
                    table.addValue(column, Double.NaN);
                } else {
                    table.addValue(column, "");
                }
            }
        }
        for (final String column : columns) {
            if (isNumeric(column) && table.columnExists(column)) {
                table.setDecimalPlaces(table.getColumnIndex(column), Rows.COUNTS.contains(column) ? 0 : DECIMALS);
            }
        }
    }

    private static boolean isNumeric(final String column) {
        return column.startsWith("score") || column.startsWith(ResultTable.NOVELTY)
                || column.equals(ComparePlugIn.AGREEMENT) || Rows.NUMBERS.contains(column);
    }
}
