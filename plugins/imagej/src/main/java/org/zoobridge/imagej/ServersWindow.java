package org.zoobridge.imagej;

import ij.IJ;
import ij.Prefs;
import ij.plugin.frame.Recorder;

import java.awt.BorderLayout;
import java.awt.EventQueue;
import java.awt.FlowLayout;
import java.io.File;
import java.util.ArrayList;
import java.util.List;

import javax.swing.BorderFactory;
import javax.swing.DefaultListModel;
import javax.swing.JButton;
import javax.swing.JEditorPane;
import javax.swing.JFileChooser;
import javax.swing.JFrame;
import javax.swing.JLabel;
import javax.swing.JList;
import javax.swing.JOptionPane;
import javax.swing.JPanel;
import javax.swing.JScrollPane;
import javax.swing.JSplitPane;

import org.zoobridge.client.ModelFacts;
import org.zoobridge.client.ZooBridge;
import org.zoobridge.client.connection.ServerChoice;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.ui.ServerPanel;
import org.zoobridge.client.zoo.LocalZoo;
import org.zoobridge.v1.Model;

/** The window of <i>Servers and models…</i>. Every question to the server is asked away from the event thread. */
final class ServersWindow {

    private static final String TITLE = "ZooBridge servers and models";
    private static final int WIDTH = 760;
    private static final int HEIGHT = 520;
    private static final int LIST_WIDTH = 210;
    private static final int GAP = 6;

    private final JFrame frame = new JFrame(TITLE);
    private final JLabel status = new JLabel("Looking for a server…");
    private final DefaultListModel<String> references = new DefaultListModel<>();
    private final JList<String> list = new JList<>(references);
    private final JEditorPane page = new JEditorPane("text/html", "");
    private final ServerPanel server = new ServerPanel(Connection.choice());
    private final JButton start = new JButton("Start a server here…");

    private ServersWindow() {
        page.setEditable(false);
        page.setName("page");
        list.addListSelectionListener(event -> {
            if (!event.getValueIsAdjusting() && list.getSelectedValue() != null) {
                describe(list.getSelectedValue());
            }
        });
        final JButton refresh = new JButton("Refresh");
        refresh.addActionListener(event -> refresh());
        start.addActionListener(event -> start());
        final PackageDrop drop = new PackageDrop(this::addPackages);
        frame.getRootPane().setTransferHandler(drop);
        list.setTransferHandler(drop);
        page.setTransferHandler(drop);
        status.setName("status");
        final JButton use = new JButton("Use this server");
        use.setName("use");
        use.addActionListener(event -> use(server.choice()));
        frame.getRootPane().setDefaultButton(use);
        final JPanel buttons = new JPanel(new FlowLayout(FlowLayout.RIGHT));
        buttons.add(use);
        final JButton add = new JButton("Add model…");
        add.setToolTipText("A network with its labels; a BioImage.IO package may also be dropped on this window");
        add.addActionListener(event -> IJ.doCommand("Add model..."));
        buttons.add(add);
        buttons.add(start);
        buttons.add(refresh);
        status.setBorder(BorderFactory.createEmptyBorder(GAP, GAP, GAP, GAP));
        final JPanel top = new JPanel(new BorderLayout());
        top.add(status, BorderLayout.NORTH);
        top.add(server, BorderLayout.CENTER);
        top.add(buttons, BorderLayout.SOUTH);
        final JSplitPane split = new JSplitPane(JSplitPane.HORIZONTAL_SPLIT, new JScrollPane(list),
                new JScrollPane(page));
        split.setDividerLocation(LIST_WIDTH);
        frame.add(top, BorderLayout.NORTH);
        frame.add(split, BorderLayout.CENTER);
        frame.setSize(WIDTH, HEIGHT);
        frame.setDefaultCloseOperation(JFrame.DISPOSE_ON_CLOSE);
        frame.setVisible(true);
    }

    /** Opens the window; returns at once. */
    static void open() {
        EventQueue.invokeLater(() -> new ServersWindow().refresh());
    }

    private void ask(final Runnable question) {
        new Thread(() -> {
            try {
                question.run();
            } catch (ZooBridgeException error) {
                EventQueue.invokeLater(() -> {
                    status.setText(error.getMessage());
                    references.clear();
                    page.setText("");
                    status.setToolTipText(error.getMessage());
                });
            }
        }, "ZooBridge servers").start();
    }

    private void refresh() {
        status.setText("Asking…");
        ask(() -> {
            final ZooBridge zoo = Connection.current();
            final String words = ModelPage.of(zoo.endpoint().toString(), zoo.server());
            final List<Model> models = zoo.models();
            final List<String> names = new ArrayList<>();
            for (final Model model : models) {
                names.add(ModelFacts.reference(model, models));
            }
            EventQueue.invokeLater(() -> {
                status.setText(words);
                references.clear();
                for (final String name : names) {
                    references.addElement(name);
                }
                if (!names.isEmpty()) {
                    list.setSelectedIndex(0);
                }
            });
        });
    }

    private void addPackages(final List<File> files) {
        status.setText("Adding…");
        ask(() -> {
            final LocalZoo local = LocalZoo.of(Prefs.get(ServersPlugIn.COMMAND, "zoobridge"), Connection.current());
            for (final File file : files) {
                AddModelPlugIn.addPackage(local, file.toPath());
            }
            EventQueue.invokeLater(this::refresh);
        });
    }

    private void describe(final String reference) {
        ask(() -> {
            final String html = ModelPage.of(Connection.current().model(reference));
            EventQueue.invokeLater(() -> {
                page.setText(html);
                page.setCaretPosition(0);
            });
        });
    }

    private void use(final ServerChoice choice) {
        ask(() -> {
            Connection.choose(choice);
            ServersPlugIn.record(() -> {
                Recorder.recordOption("address", choice.address());
                Recorder.recordOption("tls", choice.tls());
                Recorder.recordOption("ca", choice.ca());
            });
            EventQueue.invokeLater(this::refresh);
        });
    }

    private void start() {
        final String command = JOptionPane.showInputDialog(frame, "The zoobridge program (name or full path)",
                Prefs.get(ServersPlugIn.COMMAND, "zoobridge"));
        if (command == null) {
            return;
        }
        final JFileChooser folders = new JFileChooser(Prefs.get(ServersPlugIn.ZOO, ""));
        folders.setDialogTitle("Folder of model packages");
        folders.setFileSelectionMode(JFileChooser.DIRECTORIES_ONLY);
        if (folders.showOpenDialog(frame) != JFileChooser.APPROVE_OPTION) {
            return;
        }
        status.setText("Starting…");
        start.setEnabled(false);
        ask(() -> {
            try {
                final String zoo = folders.getSelectedFile().getPath();
                ServersPlugIn.start(command, zoo);
                ServersPlugIn.record(() -> {
                    Recorder.recordOption("start");
                    Recorder.recordOption("zoo", zoo);
                    Recorder.recordOption("command", command);
                });
            } finally {
                EventQueue.invokeLater(() -> start.setEnabled(true));
            }
            EventQueue.invokeLater(this::refresh);
        });
    }
}
