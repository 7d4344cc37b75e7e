package org.zoobridge.client.pixels;

import java.nio.file.Path;

import org.zoobridge.client.errors.ZooBridgeException;


/** A picture that is fetched when its turn comes, so that a folder need not fit into memory. */
public interface PictureSource {

    /**
     * What results and messages call it.
     *
     * @return the name
     */
    String name();

    /**
     * Fetches it.
     *
     * @return the picture
     * @throws ZooBridgeException if it cannot be had; the other pictures are classified all the same
     */
    Picture load();

    /**
     * A PNG, JPEG, TIFF or BMP file, sent byte for byte.
     *
     * @param path the file
     * @return a source that reads it when asked
     */
    static PictureSource file(final Path path) {
        return new PictureSource() {
            @Override
            public String name() {
                return path.getFileName().toString();
            }

            @Override
            public Picture load() {
                return Picture.file(path);
            }
        };
    }

    /**
     * A picture that is at hand.
     *
     * @param picture the picture
     * @return a source of it
     */
    static PictureSource of(final Picture picture) {
        return new PictureSource() {
            @Override
            public String name() {
                return picture.name();
            }

            @Override
            public Picture load() {
                return picture;
            }
        };
    }
}
