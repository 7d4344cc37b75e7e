package org.zoobridge.imagej.dialogs;

import javax.swing.event.DocumentEvent;
import javax.swing.event.DocumentListener;

/** Calls something after each change of a text. */
final class TextListener implements DocumentListener {

    private final Runnable action;

    TextListener(final Runnable action) {
        this.action = action;
    }

    @Override
    public void insertUpdate(final DocumentEvent event) {
        action.run();
    }

    @Override
    public void removeUpdate(final DocumentEvent event) {
        action.run();
    }

    @Override
    public void changedUpdate(final DocumentEvent event) {
        action.run();
    }
}
