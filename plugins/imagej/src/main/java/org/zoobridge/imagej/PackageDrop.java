package org.zoobridge.imagej;

import java.awt.datatransfer.DataFlavor;
import java.awt.datatransfer.UnsupportedFlavorException;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import javax.swing.TransferHandler;

/** Takes files that are dropped on a part of a window. */
public final class PackageDrop extends TransferHandler {

    private static final long serialVersionUID = 1L;

    private final transient Consumer<List<File>> taker;

    PackageDrop(final Consumer<List<File>> taker) {
        this.taker = taker;
    }

    @Override
    public boolean canImport(final TransferSupport dropped) {
        return dropped.isDataFlavorSupported(DataFlavor.javaFileListFlavor);
    }

    @Override
    public boolean importData(final TransferSupport dropped) {
        if (!canImport(dropped)) {
            return false;
        }
        try {
            final List<File> files = new ArrayList<>();
            for (final Object file : (List<?>) dropped.getTransferable()
                    .getTransferData(DataFlavor.javaFileListFlavor)) {
                files.add((File) file);
            }
            taker.accept(files);
            return true;
        } catch (IOException | UnsupportedFlavorException gone) {
            return false;
        }
    }
}
