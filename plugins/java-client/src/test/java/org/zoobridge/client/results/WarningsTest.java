package org.zoobridge.client.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.zoobridge.client.Answer;
import org.zoobridge.client.WithFakeZoo;
import org.zoobridge.client.pixels.Picture;
import org.zoobridge.client.pixels.PixelBuffer;
import org.zoobridge.v1.DataType;

@Timeout(60)
class WarningsTest extends WithFakeZoo {

    private Answer answer(final String name, final int planes) {
        final PixelBuffer pixels = Picture.pixels(name, DataType.DATA_TYPE_UINT8, "PYX", planes, 1, 1);
        return zoo.classify("digits").picture(pixels.put(new byte[planes]).picture()).run();
    }

    private static ResultTable table(final Answer... answers) {
        final ResultTable table = new ResultTable();
        for (final Answer answer : answers) {
            table.add(answer, Collections.<String>emptyList());
        }
        return table;
    }

    @Test
    void whatWasAssumedOfAPictureIsSaidOnceWithTheOptionThatChangesIt() {
        final Answer answer = answer("float.tif", 3);
        assertEquals(Collections.singletonList("Check float.tif: 0…1 was assumed; change that with \"Intensity\" "
                + "(intensity=...)."), Warnings.of(Collections.singletonList(answer)));
        assertEquals("0…1 → 0…255 (check: 0…1 was assumed)", table(answer).text(2, "conversions"));
    }

    @Test
    void ofManyPicturesTheFirstAreNamed() {
        final List<Answer> answers = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            answers.add(answer("float" + i, 1));
        }
        final List<String> warnings = Warnings.of(answers);
        assertEquals(6, warnings.size());
        assertEquals("Check 2 more pictures; the column \"conversions\" says what was assumed for them.",
                warnings.get(5));
    }

    @Test
    void unlikeItemsAreCountedAndHaveColumnsOfTheirOwn() {
        final Answer unlike = answer("unlike.tif", 1);
        final Answer like = answer("a.tif", 1);
        assertEquals(Collections.singletonList("Warning: 1 of 2 items are unlike the pictures that digits was trained "
                + "on. Do not rely on their classes; the column \"novelty\" says how unlike they are."),
                Warnings.of(Arrays.asList(unlike, like)));
        final ResultTable table = table(like, unlike);
        assertEquals(Arrays.asList("digest", "prediction_set", "novelty", "novelty_threshold"),
                table.columns().subList(7, 11));
        assertEquals(Arrays.asList("one|two", "0.7", "0.4"), Arrays.asList(table.text(1, "prediction_set"),
                table.text(1, "novelty"), table.text(1, "novelty_threshold")));
        assertEquals("", table.text(0, "novelty"));
        assertEquals(table.columns(), ResultTable.joined(Collections.singletonList(table)).columns());
    }

    @Test
    void withoutEitherThereAreNoWarningsAndNoColumns() {
        final Answer answer = answer("a.tif", 1);
        assertEquals(Collections.emptyList(), Warnings.of(Collections.singletonList(answer)));
        assertFalse(table(answer).columns().contains("novelty"));
    }
}
