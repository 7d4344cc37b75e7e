package org.zoobridge.icy.adapter;

import icy.roi.ROI;
import icy.sequence.Sequence;
import icy.undo.AbstractIcyUndoableEdit;

import java.awt.Color;
import java.util.ArrayList;
import java.util.List;

import org.zoobridge.icy.RegionClass;

/** Classes written into regions: one step of Icy's undo. */
final class ClassesEdit extends AbstractIcyUndoableEdit {

    private static final String NAME = "zoobridge.name";
    private static final String LABEL = "zoobridge.label";
    private static final String SCORE = "zoobridge.score";
    private static final String MODEL = "zoobridge.model";
    private static final String VERSION = "zoobridge.version";

    private final Sequence sequence;
    private final List<RegionClass> classes;
    private final List<State> before = new ArrayList<>();

    ClassesEdit(final Sequence sequence, final List<RegionClass> classes) {
        super(sequence, "Classes by ZooBridge");
        this.sequence = sequence;
        this.classes = classes;
        for (final ROI roi : IcySequence.rois(classes)) {
            before.add(new State(roi));
        }
    }

    /** A region's name before it was ever classified. */
    static String ownName(final ROI roi) {
        final String kept = roi.getProperty(NAME);
        return kept == null || kept.isEmpty() ? roi.getName() : kept;
    }

    @Override
    public boolean isMergeable() {
        return false;
    }

    @Override
    public void undo() {
        super.undo();
        sequence.beginUpdate();
        try {
            for (final State state : before) {
                state.restore();
            }
        } finally {
            sequence.endUpdate();
        }
    }

    @Override
    public void redo() {
        super.redo();
        write();
    }

    void write() {
        final ROI[] rois = IcySequence.rois(classes);
        sequence.beginUpdate();
        try {
            for (int i = 0; i < rois.length; i++) {
                write(rois[i], classes.get(i));
            }
        } finally {
            sequence.endUpdate();
        }
    }

    private static void write(final ROI roi, final RegionClass found) {
        roi.beginUpdate();
        try {
            final String own = ownName(roi);
            roi.setProperty(NAME, own);
            roi.setProperty(LABEL, found.label());
            roi.setProperty(SCORE, String.valueOf(found.score()));
            roi.setProperty(MODEL, found.model().getId());
            roi.setProperty(VERSION, found.model().getVersion());
            roi.setName(found.nameFor(own));
            roi.setColor(found.color());
        } finally {
            roi.endUpdate();
        }
    }

    /** How a region was. */
    private static final class State {

        private final ROI roi;
        private final String name;
        private final Color color;
        private final String label;
        private final String score;
        private final String model;
        private final String version;

        State(final ROI roi) {
            this.roi = roi;
            this.name = roi.getName();
            this.color = roi.getColor();
            this.label = roi.getProperty(LABEL);
            this.score = roi.getProperty(SCORE);
            this.model = roi.getProperty(MODEL);
            this.version = roi.getProperty(VERSION);
        }

        void restore() {
            roi.beginUpdate();
            try {
                roi.setName(name);
                roi.setColor(color);
                // Icy cannot take a property away; an empty one says the same.
                roi.setProperty(LABEL, label == null ? "" : label);
                roi.setProperty(SCORE, score == null ? "" : score);
                roi.setProperty(MODEL, model == null ? "" : model);
                roi.setProperty(VERSION, version == null ? "" : version);
            } finally {
                roi.endUpdate();
            }
        }
    }
}
