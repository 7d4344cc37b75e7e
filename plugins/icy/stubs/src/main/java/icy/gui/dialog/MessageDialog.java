package icy.gui.dialog;

/** Signatures of Icy's {@code icy.gui.dialog.MessageDialog}; only what is called, and never in the jar. */
public class MessageDialog {

    public static final int ERROR_MESSAGE = 0;

    public static void showDialog(String title, String message, int type) {
        throw new UnsupportedOperationException("signature only");
    }
}
