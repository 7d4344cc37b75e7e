package org.zoobridge.icy;

import java.util.Collections;
import java.util.List;

import org.zoobridge.client.results.ClassSummary;
import org.zoobridge.client.results.ResultTable;


/** What came of a run. Immutable. */
public final class Outcome {

    private final ResultTable table;
    private final List<RegionClass> classes;

    private final List<ClassSummary> summary;

    private final List<String> warnings;

    Outcome(final ResultTable table, final List<RegionClass> classes, final List<ClassSummary> summary,
            final List<String> warnings) {
        this.warnings = Collections.unmodifiableList(warnings);
        this.summary = Collections.unmodifiableList(summary);
        this.table = table;
        this.classes = Collections.unmodifiableList(classes);
    }

    /**
     * The rows.
     *
     * @return one for each item
     */
    public ResultTable table() {
        return table;
    }

    /**
     * Count, share, area and mean score by class.
     *
     * @return the most frequent class first
     */
    public List<ClassSummary> summary() {
        return summary;
    }

    /**
     * What a person must see of the run.
     *
     * @return sentences
     */
    public List<String> warnings() {
        return warnings;
    }

    /**
     * The classes of the regions.
     *
     * @return one for each region that was answered
     */
    public List<RegionClass> classes() {
        return classes;
    }
}
