package org.zoobridge.imagej;

import ij.IJ;
import ij.gui.HTMLDialog;
import ij.plugin.PlugIn;

import java.awt.GraphicsEnvironment;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;

/** Plugins &gt; ZooBridge &gt; ZooBridge Help: what the commands do, and their words in macros. */
public final class HelpPlugIn implements PlugIn {

    @Override
    public void run(final String argument) {
        if (GraphicsEnvironment.isHeadless()) {
            IJ.log(html().replaceAll("<[^>]+>", ""));
        } else {
            new HTMLDialog("ZooBridge Help", html(), false);
        }
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
