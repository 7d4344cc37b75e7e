import java.awt.Font;
import java.awt.datatransfer.DataFlavor;
import java.awt.datatransfer.Transferable;
import java.awt.event.MouseAdapter;
import java.awt.event.MouseEvent;
import java.io.File;
import java.util.Collections;

import javax.swing.JComponent;
import javax.swing.JFrame;
import javax.swing.JLabel;
import javax.swing.TransferHandler;

/** A window from which a file can be dragged, as from a file manager. Words: the file, and the window's place. */
public class Source {

    public static void main(final String... words) {
        final JLabel label = new JLabel("drag me", JLabel.CENTER);
        label.setFont(label.getFont().deriveFont(Font.BOLD, 24));
        label.setTransferHandler(new TransferHandler() {
            @Override
            public int getSourceActions(final JComponent source) {
                return COPY;
            }

            @Override
            protected Transferable createTransferable(final JComponent source) {
                return new Transferable() {
                    @Override
                    public DataFlavor[] getTransferDataFlavors() {
                        return new DataFlavor[] {DataFlavor.javaFileListFlavor};
                    }

                    @Override
                    public boolean isDataFlavorSupported(final DataFlavor flavor) {
                        return flavor.equals(DataFlavor.javaFileListFlavor);
                    }

                    @Override
                    public Object getTransferData(final DataFlavor flavor) {
                        return Collections.singletonList(new File(words[0]));
                    }
                };
            }
        });
        label.addMouseMotionListener(new MouseAdapter() {
            @Override
            public void mouseDragged(final MouseEvent event) {
                label.getTransferHandler().exportAsDrag(label, event, TransferHandler.COPY);
            }
        });
        final JFrame frame = new JFrame("Files");
        frame.setDefaultCloseOperation(JFrame.EXIT_ON_CLOSE);
        frame.add(label);
        frame.setBounds(Integer.parseInt(words[1]), Integer.parseInt(words[2]), 200, 120);
        frame.setVisible(true);
    }
}
