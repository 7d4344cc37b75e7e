package org.zoobridge.imagej;

import ij.IJ;
import ij.gui.HTMLDialog;
import ij.plugin.PlugIn;

import java.awt.Dialog;
import java.awt.GraphicsEnvironment;
import java.awt.Window;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;

import javax.swing.JDialog;
import javax.swing.JEditorPane;
import javax.swing.JScrollPane;

/** Plugins &gt; ZooBridge &gt; ZooBridge Help: what the commands do, and their words in macros. */
public final class HelpPlugIn implements PlugIn {

    private static final int WIDTH = 620;
    private static final int HEIGHT = 560;

    @Override
    public void run(final String argument) {
        if (GraphicsEnvironment.isHeadless()) {
            IJ.log(html().replaceAll("<[^>]+>", ""));
        } else {
            new HTMLDialog("ZooBridge Help", html(), false);
        }
    }

    /**
     * Shows the page beside a dialog.
     *
     * @param dialog the dialog, which stays usable
     */
    public static void show(final Window dialog) {
        final JEditorPane page = new JEditorPane("text/html", html());
        page.setEditable(false);
        page.setCaretPosition(0);
        final JDialog help = new JDialog(dialog, "ZooBridge Help", Dialog.ModalityType.MODELESS);
        help.add(new JScrollPane(page));
        help.setSize(WIDTH, HEIGHT);
        help.setLocationRelativeTo(dialog);
        help.setDefaultCloseOperation(JDialog.DISPOSE_ON_CLOSE);
        help.setVisible(true);
    }

    /** The page, as the Help buttons of the dialogs show it too. */
    static String html() {
        try (InputStream page = HelpPlugIn.class.getResourceAsStream("help.html");
                BufferedReader lines = new BufferedReader(new InputStreamReader(page, StandardCharsets.UTF_8))) {
            return lines.lines().collect(Collectors.joining("\n"));
        } catch (IOException error) {
            throw new IllegalStateException("the plugin's jar is damaged", error);
        }
    }
}
