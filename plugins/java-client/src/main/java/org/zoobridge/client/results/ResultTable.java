package org.zoobridge.client.results;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.StringJoiner;

import org.zoobridge.client.Answer;
import org.zoobridge.client.ItemAnswer;
import org.zoobridge.client.Score;
import org.zoobridge.client.errors.ZooBridgeException;


/**
 * The table of results, with the same columns in every program: {@code image, plane, region, label, score, label_2,
 * score_2, …, model, version, digest}, {@code prediction_set, novelty, novelty_threshold} where the model's package
 * allows to compute them, {@code conversions} where a picture was changed to fit the model, a column
 * {@code score:LABEL} for each class where all scores were asked for, and {@code error} where any item failed.
 */
public final class ResultTable {

    /** Name of the column that holds the sentence of an item that failed. */
    public static final String ERROR = "error";

    /** Name of the column that says what was done to an item before the model saw it, where anything was. */
    public static final String CONVERSIONS = "conversions";

    /** Name of the column with the classes that hold the true one with a stated probability, best first. */
    public static final String PREDICTION_SET = "prediction_set";

    /** Name of the column that says how unlike the model's training pictures an item is. */
    public static final String NOVELTY = "novelty";

    /** Name of the column with the novelty above which a class is not to be relied on. */
    public static final String NOVELTY_THRESHOLD = "novelty_threshold";

    private final List<Map<String, Object>> rows = new ArrayList<>();
    private final int firstPlane;
    private int ranks = 1;
    private boolean errors;
    private boolean conversions;
    private boolean reliability;
    private final Map<String, Boolean> scoreColumns = new LinkedHashMap<>();
    private final List<String> extra = new ArrayList<>();

    /** Starts without rows; planes count from 0. */
    public ResultTable() {
        this(0);
    }

    /**
     * Starts without rows.
     *
     * @param firstPlane the number that the program gives to the first plane along an axis: 0 or 1
     */
    public ResultTable(final int firstPlane) {
        this.firstPlane = firstPlane;
    }

    /**
     * Adds a row for each item of an answer.
     *
     * @param answer the answer
     * @param labels the model's labels, for the scores of all classes; may be empty if those were not asked for
     */
    public void add(final Answer answer, final List<String> labels) {
        for (final ItemAnswer item : answer.items()) {
            add(answer, item, labels);
        }
    }

    private void add(final Answer answer, final ItemAnswer item, final List<String> labels) {
        final Map<String, Object> row = start(item.image(), planeText(item.plane(), firstPlane), item.region());
        final List<Score> top = item.top();
        for (int rank = 1; rank <= top.size(); rank++) {
            final Score score = top.get(rank - 1);
            final OptionalDouble value = score.score();
            row.put(ranked("label", rank), score.label());
            if (value.isPresent()) {
                row.put(ranked("score", rank), value.getAsDouble());
            }
        }
        ranks = Math.max(ranks, top.size());
        row.put("model", answer.model().getId());
        row.put("version", answer.model().getVersion());
        row.put("digest", answer.model().getDigest());
        item.predictionSet().ifPresent(set -> row.put(PREDICTION_SET, String.join("|", set.getLabelsList())));
        item.novelty().ifPresent(novelty -> {
            row.put(NOVELTY, shortest(novelty.getValue()));
            row.put(NOVELTY_THRESHOLD, shortest(novelty.getThreshold()));
        });
        reliability |= item.predictionSet().isPresent() || item.novelty().isPresent();
        final List<String> phrases = item.conversions();
        if (!phrases.isEmpty()) {
            row.put(CONVERSIONS, String.join("; ", phrases));
            conversions = true;
        }
        final double[] scores = item.scores();
        for (int i = 0; i < scores.length; i++) {
            final String column = "score:" + (i < labels.size() ? labels.get(i) : "class " + i);
            scoreColumns.put(column, Boolean.TRUE);
            row.put(column, scores[i]);
        }
        if (item.failed()) {
            row.put(ERROR, item.error().getMessage());
            errors = true;
        }
        rows.add(row);
    }

    /**
     * Adds a row for a picture that failed as a whole.
     *
     * @param image the picture's name
     * @param model the model that was asked for
     * @param error why it failed
     */
    public void addFailure(final String image, final String model, final ZooBridgeException error) {
        final Map<String, Object> row = start(image, "", "");
        row.put("model", model);
        row.put(ERROR, error.getMessage());
        errors = true;
        rows.add(row);
    }

    /**
     * Several tables as one.
     *
     * @param tables tables, in order
     * @return their rows under the columns of all of them
     */
    public static ResultTable joined(final List<ResultTable> tables) {
        final ResultTable all = new ResultTable();
        for (final ResultTable table : tables) {
            all.rows.addAll(table.rows);
            all.ranks = Math.max(all.ranks, table.ranks);
            all.errors |= table.errors;
            all.conversions |= table.conversions;
            all.reliability |= table.reliability;
            all.scoreColumns.putAll(table.scoreColumns);
            for (final String column : table.extra) {
                if (!all.extra.contains(column)) {
                    all.extra.add(column);
                }
            }
        }
        return all;
    }

    private static Map<String, Object> start(final String image, final String plane, final String region) {
        final Map<String, Object> row = new LinkedHashMap<>();
        row.put("image", image);
        row.put("plane", plane);
        row.put("region", region);
        return row;
    }

    /**
     * Sets a further value of a row, in a column behind the others.
     *
     * @param row    index from 0
     * @param column the column's name
     * @param value  a text or a number
     */
    public void set(final int row, final String column, final Object value) {
        if (!extra.contains(column)) {
            extra.add(column);
        }
        rows.get(row).put(column, value);
    }

    /** The number with the fewest digits that a float stands for. */
    private static double shortest(final float value) {
        return Double.parseDouble(Float.toString(value));
    }

    private static String ranked(final String name, final int rank) {
        return rank == 1 ? name : name + "_" + rank;
    }

    /**
     * A plane in words.
     *
     * @param plane index from 0 by axis letter
     * @param first the number that stands for index 0
     * @return such as {@code T=0,Z=3}; empty for a picture of one plane
     */
    public static String planeText(final Map<String, Integer> plane, final int first) {
        final StringJoiner text = new StringJoiner(",");
        for (final Map.Entry<String, Integer> index : plane.entrySet()) {
            text.add(index.getKey() + "=" + (index.getValue() + first));
        }
        return text.toString();
    }

    /**
     * The columns.
     *
     * @return names, in order
     */
    public List<String> columns() {
        final List<String> names = new ArrayList<>();
        Collections.addAll(names, "image", "plane", "region");
        for (int rank = 1; rank <= ranks; rank++) {
            names.add(ranked("label", rank));
            names.add(ranked("score", rank));
        }
        Collections.addAll(names, "model", "version", "digest");
        if (reliability) {
            Collections.addAll(names, PREDICTION_SET, NOVELTY, NOVELTY_THRESHOLD);
        }
        if (conversions) {
            names.add(CONVERSIONS);
        }
        names.addAll(scoreColumns.keySet());
        names.addAll(extra);
        if (errors) {
            names.add(ERROR);
        }
        return names;
    }

    /**
     * The rows.
     *
     * @return for each row its values by column, texts and {@link Double}s; a column without a value is missing
     */
    public List<Map<String, Object>> rows() {
        return Collections.unmodifiableList(rows);
    }

    /**
     * A cell.
     *
     * @param row    index from 0
     * @param column the column's name
     * @return its value as a text; empty where there is none
     */
    public String text(final int row, final String column) {
        final Object value = rows.get(row).get(column);
        return value == null ? "" : value.toString();
    }

    /**
     * The whole table as CSV (RFC 4180, UTF-8 expected), with a line of column names first.
     *
     * @return lines, each ended by a line feed
     */
    public String csv() {
        final List<String> names = columns();
        final StringBuilder text = new StringBuilder(line(names));
        for (int row = 0; row < rows.size(); row++) {
            final List<String> cells = new ArrayList<>();
            for (final String name : names) {
                cells.add(text(row, name));
            }
            text.append(line(cells));
        }
        return text.toString();
    }

    /**
     * A line of CSV.
     *
     * @param cells the cells
     * @return the cells, quoted where need be, ended by a line feed
     */
    public static String line(final List<String> cells) {
        final StringJoiner text = new StringJoiner(",", "", "\n");
        for (final String cell : cells) {
            text.add(quoted(cell));
        }
        return text.toString();
    }

    /**
     * Reads CSV (RFC 4180).
     *
     * @param text lines
     * @return rows of cells; empty lines are left out
     */
    public static List<List<String>> parse(final String text) {
        final List<List<String>> rows = new ArrayList<>();
        List<String> row = new ArrayList<>();
        final StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i <= text.length(); i++) {
            final char letter = i == text.length() ? '\n' : text.charAt(i);
            if (quoted && letter == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"') {
                cell.append('"');
                i++;
            } else if (letter == '"') {
                quoted = !quoted;
            } else if (!quoted && (letter == ',' || letter == '\n')) {
                row.add(cell.toString());
                cell.setLength(0);
                if (letter == '\n') {
                    if (row.size() > 1 || !row.get(0).isEmpty()) {
                        rows.add(row);
                    }
                    row = new ArrayList<>();
                }
            } else if (quoted || letter != '\r') {
                cell.append(letter);
            }
        }
        return rows;
    }

    private static String quoted(final String cell) {
        final boolean plain = cell.indexOf(',') < 0 && cell.indexOf('"') < 0 && cell.indexOf('\n') < 0
                && cell.indexOf('\r') < 0;
        return plain ? cell : '"' + cell.replace("\"", "\"\"") + '"';
    }
}
