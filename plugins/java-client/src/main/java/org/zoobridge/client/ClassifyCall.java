package org.zoobridge.client;

import com.google.common.util.concurrent.ListenableFuture;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.client.pixels.FiniteRange;
import org.zoobridge.client.pixels.Picture;
import org.zoobridge.client.pixels.PictureSource;
import org.zoobridge.client.pixels.PlaneSource;
import org.zoobridge.client.pixels.Regions;
import org.zoobridge.v1.AxisSelection;
import org.zoobridge.v1.CheckImageRequest;
import org.zoobridge.v1.ClassificationOptions;
import org.zoobridge.v1.ClassifyRequest;
import org.zoobridge.v1.ClassifyResponse;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Fit;
import org.zoobridge.v1.Image;
import org.zoobridge.v1.Intensity;
import org.zoobridge.v1.IntensityRule;
import org.zoobridge.v1.Interpolation;
import org.zoobridge.v1.MaskFill;
import org.zoobridge.v1.Pixels;
import org.zoobridge.v1.Region;

/**
 * A call that classifies: say what, then {@link #run()}, {@link #stream()} or {@link #runAll}.
 * <p>
 * For one thread; it may be run again.
 */
public final class ClassifyCall {

    private static final int DEFAULT_SECONDS = 300;

    private final ZooBridge zoo;
    private final ClassifyRequest.Builder request = ClassifyRequest.newBuilder();
    private final ClassificationOptions.Builder options = ClassificationOptions.newBuilder();
    private int series = -1;
    private Cancellation cancellation = new Cancellation();
    private Progress progress = (done, total) -> { };
    private Consumer<Answer> parts = part -> { };
    private int seconds = DEFAULT_SECONDS;

    ClassifyCall(final ZooBridge zoo, final String model) {
        this.zoo = zoo;
        request.setModel(model);
    }

    /**
     * Chooses the framework.
     *
     * @param name {@code onnx}, {@code pytorch}, {@code tensorflow}; empty for the fastest safe one
     * @return this
     */
    public ClassifyCall framework(final String name) {
        request.setFramework(name);
        return this;
    }

    /**
     * Sets the picture for {@link #run()} and {@link #stream()}.
     *
     * @param picture the picture
     * @return this
     */
    public ClassifyCall picture(final Picture picture) {
        request.setImage(picture.message());
        return this;
    }

    /**
     * Chooses positions along an axis. An axis that is not named is taken whole.
     *
     * @param axis    axis letter, such as {@code Z}
     * @param indexes positions from 0, in the order in which they are to be answered
     * @return this
     */
    public ClassifyCall planes(final char axis, final int... indexes) {
        final AxisSelection.Builder selection = AxisSelection.newBuilder().setAxis(String.valueOf(axis));
        for (final int index : indexes) {
            selection.addIndexes(index);
        }
        request.addPlanes(selection);
        return this;
    }

    /**
     * Adds a region; without any, each plane is classified as a whole.
     *
     * @param region made by {@link Regions}
     * @return this
     */
    public ClassifyCall region(final Region region) {
        request.addRegions(region);
        return this;
    }

    /**
     * Adds regions.
     *
     * @param regions made by {@link Regions}
     * @return this
     */
    public ClassifyCall regions(final Collection<Region> regions) {
        request.addAllRegions(regions);
        return this;
    }

    /**
     * Sets how many classes to name.
     *
     * @param count classes, best first; 0 for the model's default
     * @return this
     */
    public ClassifyCall topK(final int count) {
        options.setTopK(count);
        return this;
    }

    /**
     * Asks for the scores of all classes too.
     *
     * @return this
     */
    public ClassifyCall withAllScores() {
        options.setAllScores(true);
        return this;
    }

    /**
     * Sets from which score on a class counts, for independent probabilities.
     *
     * @param score threshold
     * @return this
     */
    public ClassifyCall threshold(final float score) {
        options.setThreshold(score);
        return this;
    }

    /**
     * Sets what to do with a size that the model does not take.
     *
     * @param fit the rule
     * @return this
     */
    public ClassifyCall fit(final Fit fit) {
        options.setFit(fit);
        return this;
    }

    /**
     * Sets how pixels between pixels are found.
     *
     * @param interpolation the rule
     * @return this
     */
    public ClassifyCall interpolation(final Interpolation interpolation) {
        options.setInterpolation(interpolation);
        return this;
    }

    /**
     * Sets how intensities reach the model's range.
     *
     * @param rule the rule
     * @return this
     */
    public ClassifyCall intensity(final IntensityRule rule) {
        options.setIntensity(Intensity.newBuilder().setRule(rule));
        return this;
    }

    /**
     * Sets how intensities reach the model's range.
     *
     * @param intensity rule and, where it needs them, intensities
     * @return this
     */
    public ClassifyCall intensity(final Intensity intensity) {
        options.setIntensity(intensity);
        return this;
    }

    /**
     * Sets the intensities that become the ends of the model's range.
     *
     * @param low  value that becomes the lower end
     * @param high value that becomes the upper end; greater than low
     * @return this
     */
    public ClassifyCall intensity(final double low, final double high) {
        options.setIntensity(Intensity.newBuilder().setRule(IntensityRule.INTENSITY_RULE_EXPLICIT).setLow(low)
                .setHigh(high));
        return this;
    }

    /**
     * States the values of the image that the pictures are part of, where the call leaves the intensities open.
     *
     * @param range of the whole image
     * @return this
     */
    public ClassifyCall valuesOf(final FiniteRange range) {
        if (range.isKnown() && options.getIntensity().getRule() == IntensityRule.INTENSITY_RULE_UNSPECIFIED) {
            options.setValues(range.message());
        }
        return this;
    }

    /**
     * Chooses the picture of files that hold several.
     *
     * @param index place in the file, from 0; -1 for the first that is not a thumbnail, reduced copy or mask
     * @return this
     */
    public ClassifyCall series(final int index) {
        series = index;
        return this;
    }

    /**
     * Chooses channels.
     *
     * @param indexes channels of the picture from 0, in the order in which the model takes them; none for all
     * @return this
     */
    public ClassifyCall channels(final int... indexes) {
        options.clearChannels();
        for (final int index : indexes) {
            options.addChannels(index);
        }
        return this;
    }

    /**
     * Sets what stands in a region's box outside its mask.
     *
     * @param fill the rule
     * @return this
     */
    public ClassifyCall maskFill(final MaskFill fill) {
        options.setMaskFill(fill);
        return this;
    }

    /**
     * Sets how long to wait: for the answer of {@link #run()}, and from part to part of a stream.
     *
     * @param time seconds
     * @return this
     */
    public ClassifyCall deadlineSeconds(final int time) {
        seconds = time;
        return this;
    }

    /**
     * Lets the call be stopped from another thread, here and on the server.
     *
     * @param wish the cancellation
     * @return this
     */
    public ClassifyCall cancellation(final Cancellation wish) {
        cancellation = wish;
        return this;
    }

    /**
     * Lets a stream tell how far it has come.
     *
     * @param listener told on the calling thread; items for {@link #stream()}, pictures for {@link #runAll}
     * @return this
     */
    public ClassifyCall progress(final Progress listener) {
        progress = listener;
        return this;
    }

    /**
     * Hands out what {@link #stream()} has so far: should it end early, the items that were answered are known.
     *
     * @param listener given each part of the answer as it comes, on the calling thread
     * @return this
     */
    public ClassifyCall parts(final Consumer<Answer> listener) {
        parts = listener;
        return this;
    }

    /**
     * Classifies the picture in one call and waits for all its items.
     *
     * @return the answer
     * @throws ZooBridgeException if it could not be answered as a whole
     */
    public Answer run() {
        final ClassifyRequest message = request.clone().setOptions(options).setImage(chosen(request.getImage())).build();
        zoo.check(message);
        final ListenableFuture<ClassifyResponse> future =
                zoo.unary().withDeadlineAfter(seconds, TimeUnit.SECONDS).classify(message);
        final Runnable stop = () -> future.cancel(true);
        cancellation.onCancel(stop);
        try {
            return Answer.of(message.getImage().getName(), zoo.answered(future));
        } finally {
            cancellation.forget(stop);
        }
    }

    /**
     * Asks what would be done to an open image under the options of this call.
     *
     * @param image  the image
     * @param width  columns of an item; 0 where that differs from item to item
     * @param height rows of an item; 0 where that differs from item to item
     * @return the question, for {@link ZooBridge#refusals}
     */
    public CheckImageRequest question(final PlaneSource image, final int width, final int height) {
        final boolean regions = width == 0 || height == 0;
        final Pixels.Builder pixels = Pixels.newBuilder().setDataType(image.type()).setAxes(image.planeAxes());
        for (final char axis : image.planeAxes().toCharArray()) {
            pixels.addShape(axis == 'X' ? regions ? image.width() : width
                    : axis == 'Y' ? regions ? image.height() : height : image.channels());
        }
        return CheckImageRequest.newBuilder().setPixels(pixels).setRegions(regions).setOptions(options).build();
    }

    /**
     * Classifies the picture through a stream: as {@link #run()}, with progress item by item.
     *
     * @return the answer
     * @throws ZooBridgeException if it could not be answered as a whole
     */
    public Answer stream() {
        final Picture picture = new Picture(request.getImage());
        final List<Answer> answers = new ArrayList<>();
        final List<ZooBridgeException> errors = new ArrayList<>();
        final StreamRun run = new StreamRun(zoo, cancellation, seconds);
        run.onItems(progress, parts);
        run.run(Collections.singletonList(PictureSource.of(picture)), this::requestFor, new BatchListener() {
            @Override
            public void answered(final int index, final Answer answer) {
                answers.add(answer);
            }

            @Override
            public void failed(final int index, final String name, final ZooBridgeException error) {
                errors.add(error);
            }
        });
        if (!errors.isEmpty()) {
            throw errors.get(0);
        }
        return answers.get(0);
    }

    /**
     * Classifies many pictures through one stream; one that fails does not stop the others. Planes, regions and
     * options hold for each of them.
     *
     * @param pictures the pictures, fetched one by one as the server can take them
     * @param listener told of each picture
     * @throws ZooBridgeException if the stream as a whole ended early; what was answered before has been told
     */
    public void runAll(final Collection<? extends PictureSource> pictures, final BatchListener listener) {
        final StreamRun run = new StreamRun(zoo, cancellation, seconds);
        run.onPictures(progress);
        run.run(pictures, this::requestFor, listener);
    }

    /** The picture of the file that is to be classified. */
    private Image chosen(final Image image) {
        if (series < 0) {
            return image;
        }
        if (image.hasEncoded()) {
            return image.toBuilder().setSeries(series).build();
        }
        if (series > 0) {
            throw ZooBridgeException.of(ErrorReason.ERROR_REASON_IMAGE_FORMAT, "There is no picture " + series + " in "
                    + image.getName() + ": its pixels are one picture. Leave the series out.").field("image.series");
        }
        return image;
    }

    private ClassifyRequest requestFor(final Picture picture) {
        final ClassifyRequest message = request.clone().setOptions(options).setImage(chosen(picture.message())).build();
        zoo.check(message);
        return message;
    }
}
