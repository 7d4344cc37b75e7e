package org.zoobridge.imagej;

import ij.IJ;
import ij.plugin.PlugIn;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** Help &gt; About Plugins &gt; ZooBridge…: the version, and which server is in use. */
public final class AboutPlugIn implements PlugIn {

    @Override
    public void run(final String argument) {
        IJ.showMessage("About ZooBridge", "ZooBridge " + version() + " for ImageJ and Fiji\n \n"
                + "Classifies images with the models of a zoo.\nServer: "
                + (Connection.choice().address().isEmpty() ? "this machine's own" : Connection.choice().address())
                + "\n \nPlugins > ZooBridge > ZooBridge Help explains every command.");
    }

    /**
     * The plugin's version.
     *
     * @return such as {@code 0.1.0}
     */
    public static String version() {
        final Properties facts = new Properties();
        try (InputStream file = AboutPlugIn.class.getResourceAsStream("version.properties")) {
            facts.load(file);
        } catch (IOException error) {
            throw new IllegalStateException("the plugin's jar is damaged", error);
        }
        return facts.getProperty("version");
    }
}
