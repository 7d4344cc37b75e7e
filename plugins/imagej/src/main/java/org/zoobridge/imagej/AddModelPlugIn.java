package org.zoobridge.imagej;

import ij.IJ;
import ij.ImagePlus;
import ij.Prefs;
import ij.WindowManager;
import ij.plugin.PlugIn;

import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.zoobridge.client.ModelFacts;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.options.Words;
import org.zoobridge.client.zoo.LocalZoo;
import org.zoobridge.imagej.dialogs.AddModelDialog;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Model;

/**
 * Plugins &gt; ZooBridge &gt; Add model…: a network with its labels, or a BioImage.IO package, into the zoo of the user's
 * own server.
 * <p>
 * In a macro: {@code run("Add model...", "file=[/my/cells.onnx] labels=[round, spindle] name=[My cells] test")}.
 */
public final class AddModelPlugIn implements PlugIn {

    private static final String TITLE = "Add model...";
    private static final List<String> KEYS = Collections.unmodifiableList(
            Arrays.asList("file", "labels", "name", "preprocessing", "size", "channels", "command", "test"));
    private static final List<String> FURTHER = Collections.unmodifiableList(
            Arrays.asList("preprocessing", "size", "channels"));

    @Override
    public void run(final String argument) {
        Failure.guard(TITLE, () -> {
            Words options = MacroOptions.current(TITLE, KEYS);
            if (options == null) {
                options = AddModelDialog.ask();
            }
            if (options != null) {
                add(options);
            }
        });
    }

    private static void add(final Words options) {
        final Path file = Paths.get(options.text("file", ""));
        final String labels = options.text("labels", "");
        final String command = options.text("command", Prefs.get(ServersPlugIn.COMMAND, "zoobridge"));
        if (options.text("file", "").isEmpty() || !file.toFile().exists()) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST, "There is no file \"" + file
                    + "\". Name a network or a BioImage.IO package.").field("file");
        }
        final ZooBridge zoo = Connection.current();
        final Set<String> before = references(zoo);
        final LocalZoo local = LocalZoo.of(command, zoo);
        if (labels.isEmpty()) {
            addPackage(local, file);
        } else {
            final List<String> further = new ArrayList<>();
            for (final String key : FURTHER) {
                if (!options.text(key, "").isEmpty()) {
                    further.add("--" + key);
                    further.add(options.text(key, ""));
                }
            }
            IJ.showStatus("Adding " + file.getFileName() + "…");
            local.add(file, labels, options.text("name", file.getFileName().toString()), further);
        }
        report(added(zoo, before), options.flag("test"));
    }

    /** Copies a package into a zoo. */
    static void addPackage(final LocalZoo local, final Path file) {
        IJ.showStatus("Adding " + file.getFileName() + "…");
        local.addPackage(file);
    }

    static Set<String> references(final ZooBridge zoo) {
        final Set<String> references = new HashSet<>();
        final List<Model> models = zoo.models();
        for (final Model model : models) {
            references.add(ModelFacts.reference(model, models));
        }
        return references;
    }

    private static String added(final ZooBridge zoo, final Set<String> before) {
        for (final String reference : references(zoo)) {
            if (!before.contains(reference)) {
                return reference;
            }
        }
        throw ZooBridgeException.of(ErrorReason.ERROR_REASON_BROKEN_PACKAGE,
                "The package was added, but the server does "
                + "not list it as a new model. Servers and models… says what is wrong with it.");
    }

    private static void report(final String reference, final boolean test) {
        Prefs.set("zoobridge.model", reference);
        final ImagePlus image = WindowManager.getCurrentImage();
        IJ.showStatus("Added " + reference);
        if (test && image != null) {
            Classifier.classify(image, new Choices().model(reference).target(Target.SLICE).overlay(false));
        }
    }
}
