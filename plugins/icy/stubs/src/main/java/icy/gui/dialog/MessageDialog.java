package icy.gui.dialog;

import java.awt.EventQueue;
import java.awt.GraphicsEnvironment;

import javax.swing.JOptionPane;

/** Stands for Icy's {@code icy.gui.dialog.MessageDialog}: returns at once; without a display it prints. */
public class MessageDialog {

    public static final int ERROR_MESSAGE = 0;

    public static void showDialog(String title, String message, int type) {
        if (GraphicsEnvironment.isHeadless()) {
            System.err.println(title + ": " + message);
            return;
        }
        EventQueue.invokeLater(() -> JOptionPane.showMessageDialog(null, message, title, type));
    }
}
