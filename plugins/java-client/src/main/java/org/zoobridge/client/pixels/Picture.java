package org.zoobridge.client.pixels;

import com.google.protobuf.UnsafeByteOperations;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.DataType;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Image;

/** A picture to send: a file's bytes, or pixels with their type, shape and axes. Immutable. */
public final class Picture {

    private final Image image;

    /**
     * Takes a picture of the contract.
     *
     * @param image a file's bytes or pixels
     */
    public Picture(final Image image) {
        this.image = image;
    }

    /**
     * A PNG, JPEG, TIFF or BMP file, byte for byte.
     *
     * @param name what results and messages call it
     * @param file the file's bytes; must not be changed afterwards
     * @return the picture
     */
    public static Picture encoded(final String name, final byte[] file) {
        return new Picture(Image.newBuilder().setName(name).setEncoded(UnsafeByteOperations.unsafeWrap(file)).build());
    }

    /**
     * A file on this machine, read now.
     *
     * @param path a PNG, JPEG, TIFF or BMP file
     * @return the picture, named after the file
     * @throws ZooBridgeException if it cannot be read
     */
    public static Picture file(final Path path) {
        try {
            return encoded(path.getFileName().toString(), Files.readAllBytes(path));
        } catch (IOException error) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_IMAGE_FORMAT,
                    "The file " + path + " cannot be read (" + error
                    + "); check that it is there and that you may read it.")
                    .field("image").causedBy(error);
        }
    }

    /**
     * Pixels from memory, to be put in next.
     *
     * @param name  what results and messages call the picture
     * @param type  type of one pixel
     * @param axes  one letter an axis, last fastest: {@code YX}, {@code YXC}, {@code TZCYX}
     * @param shape length of each axis
     * @return the buffer that takes the pixels
     */
    public static PixelBuffer pixels(final String name, final DataType type, final String axes, final int... shape) {
        return new PixelBuffer(name, type, axes, shape);
    }

    /**
     * What results and messages call it.
     *
     * @return the name
     */
    public String name() {
        return image.getName();
    }

    /**
     * The same picture by another name.
     *
     * @param name what results and messages call it
     * @return the picture
     */
    public Picture named(final String name) {
        return new Picture(image.toBuilder().setName(name).build());
    }

    /**
     * Its size on the wire, near enough to plan by.
     *
     * @return bytes
     */
    public long size() {
        return image.getEncoded().size() + (long) image.getPixels().getData().size();
    }

    /**
     * What is sent: the file's bytes, or the pixels in C order, little-endian.
     *
     * @return a copy
     */
    public byte[] bytes() {
        return (image.hasPixels() ? image.getPixels().getData() : image.getEncoded()).toByteArray();
    }

    /**
     * The picture as the contract has it.
     *
     * @return what is sent
     */
    public Image message() {
        return image;
    }
}
