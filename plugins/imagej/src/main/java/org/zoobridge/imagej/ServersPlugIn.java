package org.zoobridge.imagej;

import ij.IJ;
import ij.Prefs;
import ij.measure.ResultsTable;
import ij.plugin.PlugIn;
import ij.plugin.frame.Recorder;

import java.awt.GraphicsEnvironment;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import org.zoobridge.client.ModelFacts;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.connection.Endpoint;
import org.zoobridge.client.connection.LocalServer;
import org.zoobridge.client.options.Words;
import org.zoobridge.v1.Model;

/**
 * Plugins &gt; ZooBridge &gt; Servers and models…: which server is used, starting one here, and what each model is.
 * <p>
 * In a macro: {@code run("Servers and models...", "start zoo=[/my/zoo] command=zoobridge")} starts a server on this
 * machine unless one runs; {@code address=lab-server:8500 tls=on ca=[/lab.pem] token=&token} names another,
 * {@code address=[]} goes back to this machine's; {@code list} shows the models as a table.
 */
public final class ServersPlugIn implements PlugIn {

    /** Title of the table of models. */
    static final String MODELS = "ZooBridge Models";
    static final String TITLE = "Servers and models...";
    /** Its keys in macros. */
    static final List<String> KEYS = Collections.unmodifiableList(
            Arrays.asList("address", "tls", "ca", "token", "start", "zoo", "command", "list"));
    static final String COMMAND = "zoobridge.command";
    static final String ZOO = "zoobridge.zoo";

    private static final int START_SECONDS = 120;

    @Override
    public void run(final String argument) {
        Failure.guard(TITLE, () -> {
            final Words options = MacroOptions.current(TITLE, KEYS);
            if (options == null && !GraphicsEnvironment.isHeadless()) {
                ServersWindow.open();
                return;
            }
            obey(options == null ? Words.of("list") : options);
        });
    }

    private static void obey(final Words options) {
        Connection.choose(Connection.choice().changed(part -> options.text(part, null)));
        if (options.flag("start")) {
            start(options.text("command", Prefs.get(COMMAND, "zoobridge")), options.text("zoo", Prefs.get(ZOO, "")));
        }
        if (options.flag("list")) {
            list(Connection.current());
        }
    }

    /**
     * Starts a server on this machine and remembers how.
     *
     * @param command the {@code zoobridge} program, by name or path
     * @param zoo     folder of model packages
     * @return where it is
     */
    static Endpoint start(final String command, final String zoo) {
        IJ.showStatus("Starting a ZooBridge server…");
        final Endpoint endpoint = LocalServer.start(command, Paths.get(zoo), START_SECONDS);
        Prefs.set(COMMAND, command);
        Prefs.set(ZOO, zoo);
        IJ.showStatus("ZooBridge server at " + endpoint.address());
        return endpoint;
    }

    /**
     * Has the macro recorder write down what was done in the window.
     *
     * @param options has {@link Recorder} write down keys and texts; the token is never among them
     */
    static void record(final Runnable options) {
        if (Recorder.record) {
            Recorder.setCommand(TITLE);
            options.run();
            Recorder.saveCommand();
        }
    }

    /**
     * Shows the models as a table.
     *
     * @param zoo the server
     * @return the table
     */
    static ResultsTable list(final ZooBridge zoo) {
        final List<Model> models = zoo.models();
        final ResultsTable table = new ResultsTable();
        table.showRowNumbers(false);
        for (final Model model : models) {
            table.incrementCounter();
            table.addValue("model", ModelFacts.reference(model, models));
            table.addValue("version", model.getVersion());
            table.addValue("name", model.getName());
            table.addValue("classes", model.getLabelsCount());
            table.addValue("channels", String.join(", ", model.getInput().getChannelNamesList()));
            table.addValue("licence", model.getLicense());
            table.addValue("problem", ModelFacts.problem(model, ""));
        }
        table.show(MODELS);
        return table;
    }
}
