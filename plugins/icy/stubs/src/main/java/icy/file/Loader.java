package icy.file;

/** Signatures of Icy's {@code icy.file.Loader}; only what is called, and never in the jar. */
public class Loader {

    public static icy.sequence.Sequence loadSequence(String path, int series, boolean showProgress) {
        throw new UnsupportedOperationException("signature only");
    }
}
