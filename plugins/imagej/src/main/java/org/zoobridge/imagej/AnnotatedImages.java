package org.zoobridge.imagej;

import ij.ImagePlus;
import ij.WindowManager;
import ij.gui.Roi;
import ij.io.Opener;
import ij.io.RoiDecoder;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;

/** Images with regions of known class: the open one with the ROI Manager, or a folder of pictures with ROI sets. */
public final class AnnotatedImages {

    private static final List<String> SETS = Collections.unmodifiableList(Arrays.asList(".zip", ".roi"));

    private final Path folder;
    private final RoiClasses classes;

    /**
     * Chooses the images.
     *
     * @param folder  pictures, each with its ROI set under the same name ({@code cells.tif}, {@code cells.zip}); empty for
     *                the open image
     * @param classes where the classes stand
     * @throws ZooBridgeException if that cannot be the path of a folder
     */
    public AnnotatedImages(final String folder, final RoiClasses classes) {
        try {
            this.folder = folder.isEmpty() ? null : Paths.get(folder);
        } catch (InvalidPathException error) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST, "\"" + folder + "\" cannot be the path of "
                    + "a folder.").field("folder").causedBy(error);
        }
        this.classes = classes;
    }

    /**
     * Counts the regions by class, without reading a pixel.
     *
     * @return count by class; regions without a class are left out
     * @throws ZooBridgeException if the folder or a ROI set cannot be read
     */
    public Map<String, Integer> count() {
        final Map<String, Integer> counts = new TreeMap<>();
        final List<Roi> rois = new ArrayList<>();
        if (folder == null) {
            rois.addAll(Places.managed());
        } else {
            pictures().values().forEach(set -> rois.addAll(read(set)));
        }
        labelled(rois).forEach(roi -> counts.merge(classes.of(roi), 1, Integer::sum));
        return counts;
    }

    /** Number of images. */
    int size() {
        return folder == null ? 1 : pictures().size();
    }

    private List<Roi> labelled(final List<Roi> rois) {
        return rois.stream().filter(roi -> classes.of(roi) != null).collect(Collectors.toList());
    }

    /**
     * Gives out each image with its regions that have a class; those of a folder are opened one after the other.
     *
     * @param taker given an image and its regions
     */
    void forEach(final BiConsumer<ImagePlus, List<Roi>> taker) {
        if (folder == null) {
            final ImagePlus image = WindowManager.getCurrentImage();
            if (image == null) {
                throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                        "No image is open. Open one with regions in the ROI Manager, or name a folder.").field("image");
            }
            taker.accept(image, labelled(Places.managed()));
            return;
        }
        pictures().forEach((picture, set) -> {
            final ImagePlus image = new Opener().openImage(picture.toString());
            if (image == null) {
                throw unreadable(picture, null);
            }
            taker.accept(image, labelled(read(set)));
            image.close();
        });
    }

    private Map<Path, Path> pictures() {
        final Map<Path, Path> found = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            final List<Path> all = files.sorted().collect(Collectors.toList());
            for (final Path set : all) {
                final String stem = stem(set);
                if (SETS.contains(set.getFileName().toString().substring(stem.length()).toLowerCase(Locale.ROOT))) {
                    all.stream().filter(other -> !other.equals(set) && !Files.isDirectory(other))
                            .filter(other -> stem(other).equals(stem) || other.getFileName().toString().equals(stem))
                            .findFirst().ifPresent(picture -> found.put(picture, set));
                }
            }
        } catch (IOException error) {
            throw unreadable(folder, error);
        }
        if (found.isEmpty()) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST, "No picture in " + folder + " has a ROI "
                    + "set. Save it under the picture's name (ROI Manager > More > Save), such as cells.zip for cells.tif.")
                    .field("folder");
        }
        return found;
    }

    private static String stem(final Path file) {
        final String name = file.getFileName().toString();
        return name.lastIndexOf('.') > 0 ? name.substring(0, name.lastIndexOf('.')) : name;
    }

    private static List<Roi> read(final Path set) {
        final List<Roi> rois = new ArrayList<>();
        try (InputStream file = Files.newInputStream(set)) {
            if (set.toString().toLowerCase(Locale.ROOT).endsWith(".roi")) {
                rois.add(decoded(file, stem(set)));
                return rois;
            }
            final ZipInputStream archive = new ZipInputStream(file);
            for (ZipEntry entry = archive.getNextEntry(); entry != null; entry = archive.getNextEntry()) {
                if (entry.getName().toLowerCase(Locale.ROOT).endsWith(".roi")) {
                    rois.add(decoded(archive, stem(Paths.get(entry.getName()))));
                }
            }
        } catch (IOException error) {
            throw unreadable(set, error);
        }
        return rois;
    }

    private static Roi decoded(final InputStream file, final String name) throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final byte[] block = new byte[8192];
        for (int count = file.read(block); count >= 0; count = file.read(block)) {
            bytes.write(block, 0, count);
        }
        final Roi roi = new RoiDecoder(bytes.toByteArray(), name).getRoi();
        roi.setName(name);
        return roi;
    }

    private static ZooBridgeException unreadable(final Path path, final IOException error) {
        return ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST, path + " cannot be read"
                + (error == null ? "." : " (" + error.getMessage() + ").")).field("folder").causedBy(error);
    }
}
