package org.zoobridge.client.ui;

import java.awt.Dimension;
import java.awt.FlowLayout;
import java.awt.GridBagConstraints;
import java.awt.GridBagLayout;
import java.awt.Insets;

import javax.swing.JButton;
import javax.swing.JComboBox;
import javax.swing.JComponent;
import javax.swing.JFileChooser;
import javax.swing.JLabel;
import javax.swing.JPanel;
import javax.swing.JPasswordField;
import javax.swing.JTextField;
import javax.swing.event.DocumentEvent;
import javax.swing.event.DocumentListener;

import org.zoobridge.client.connection.ServerChoice;


/** Asks which server to use, and how to speak to it. The token shows as dots. For the event thread. */
public final class ServerPanel extends JPanel {

    private static final long serialVersionUID = 1L;

    private static final int COLUMNS = 24;
    private static final Insets GAP = new Insets(2, 4, 2, 4);

    private final JTextField address = new JTextField(COLUMNS);
    private final JComboBox<String> tls = new JComboBox<>(
            new String[] {ServerChoice.AUTOMATIC, ServerChoice.ON, ServerChoice.OFF});
    private final JTextField ca = new JTextField(COLUMNS);
    private final JButton browse = new JButton("Browse…");
    private final JPasswordField token = new JPasswordField(COLUMNS);

    /**
     * Makes the panel.
     *
     * @param choice what it shows at first
     */
    public ServerPanel(final ServerChoice choice) {
        super(new GridBagLayout());
        address.setName("address");
        tls.setName("tls");
        ca.setName("ca");
        token.setName("token");
        address.setText(choice.address());
        tls.setSelectedItem(choice.tls());
        ca.setText(choice.ca());
        token.setText(choice.token());
        address.setToolTipText("host:port of a server elsewhere; empty for your own on this machine");
        tls.setToolTipText("automatic: wherever a certificate is named or the server is not on this machine");
        ca.setToolTipText("PEM file of the authority that signed the server's certificate; empty for a public one");
        token.setToolTipText("what the server's administrator gave you; empty if it asks for none");
        row(0, "Server", address, labelled("TLS", tls));
        row(1, "Certificate", ca, browse);
        row(2, "Token", token, new JLabel());
        final GridBagConstraints below = new GridBagConstraints();
        below.gridx = 1;
        below.gridy = 3;
        below.gridwidth = 2;
        below.insets = GAP;
        below.anchor = GridBagConstraints.WEST;
        add(new JLabel("Server as host:port; empty for your own on this machine."), below);
        browse.addActionListener(event -> browse());
        address.getDocument().addDocumentListener(new DocumentListener() {
            @Override
            public void insertUpdate(final DocumentEvent event) {
                enableParts();
            }

            @Override
            public void removeUpdate(final DocumentEvent event) {
                enableParts();
            }

            @Override
            public void changedUpdate(final DocumentEvent event) {
                enableParts();
            }
        });
        enableParts();
    }

    /**
     * What is chosen.
     *
     * @return the choice, not checked
     */
    public ServerChoice choice() {
        return ServerChoice.of(address.getText(), String.valueOf(tls.getSelectedItem()), ca.getText(),
                new String(token.getPassword()));
    }

    private static JComponent labelled(final String label, final JComponent component) {
        final JPanel both = new JPanel(new FlowLayout(FlowLayout.LEFT, 0, 0));
        both.add(new JLabel(label + "  "));
        both.add(component);
        return both;
    }

    private void row(final int row, final String label, final JComponent field, final JComponent last) {
        final GridBagConstraints place = new GridBagConstraints();
        place.gridy = row;
        place.insets = GAP;
        place.anchor = GridBagConstraints.WEST;
        add(new JLabel(label), place);
        place.weightx = 1;
        place.fill = GridBagConstraints.HORIZONTAL;
        field.setMinimumSize(new Dimension(field.getPreferredSize().width / 2, field.getPreferredSize().height));
        add(field, place);
        place.weightx = 0;
        place.fill = GridBagConstraints.NONE;
        add(last, place);
    }

    /** The other parts are of no use without an address. */
    private void enableParts() {
        final boolean named = !address.getText().trim().isEmpty();
        for (final JComponent part : new JComponent[] {tls, ca, browse, token}) {
            part.setEnabled(named);
        }
    }

    private void browse() {
        final JFileChooser files = new JFileChooser(ca.getText());
        files.setDialogTitle("Certificate of the server's authority (PEM)");
        if (files.showOpenDialog(this) == JFileChooser.APPROVE_OPTION) {
            ca.setText(files.getSelectedFile().getPath());
        }
    }
}
