package org.zoobridge.client.options;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Collections;

import org.junit.jupiter.api.Test;
import org.zoobridge.client.Failing;
import org.zoobridge.v1.ErrorReason;

class WordsTest {

    @Test
    void wordsInsideBracketsAreNotKeys() {
        final Words words = Words.of("folder=[/x/model=digits set/ recursive] model=textures");
        assertEquals("textures", words.text("model", ""));
        assertEquals("/x/model=digits set/ recursive", words.text("folder", ""));
        assertFalse(words.flag("recursive"));
    }

    @Test
    void bracketsNestAndQuotesHoldSpaces() {
        final Words words = Words.of(" image=[a [1] b.tif] title='two words' empty=[] top=3 overlay ");
        assertEquals("a [1] b.tif", words.text("image", ""));
        assertEquals("two words", words.text("title", ""));
        assertEquals("", words.text("empty", "absent"));
        assertEquals(3, words.number("top", 1));
        assertTrue(words.flag("overlay"));
    }

    @Test
    void anUnknownKeyIsAnErrorThatNamesTheLikeliestAndAll() {
        final String message = Failing.with(ErrorReason.ERROR_REASON_INVALID_REQUEST, () -> Words.of("modle=digits")
                .expecting("Classify...", Arrays.asList("model", "top"))).getMessage();
        assertEquals("Classify... has no option \"modle\". Did you mean \"model\"? It has: model, top.", message);
        Words.of("model=a top=1").expecting("Classify...", Arrays.asList("model", "top"));
    }

    @Test
    void aKeyThatIsGivenTwiceAndABracketThatIsNotClosedAreErrors() {
        assertTrue(Failing.with(ErrorReason.ERROR_REASON_INVALID_REQUEST, () -> Words.of("model=a model=b")).getMessage()
                .contains("twice"));
        assertTrue(Failing.with(ErrorReason.ERROR_REASON_INVALID_REQUEST, () -> Words.of("folder=[/a b")).getMessage()
                .contains("not closed"));
        Failing.with(ErrorReason.ERROR_REASON_INVALID_REQUEST, () -> Words.of("folder='/a b"));
    }

    @Test
    void variablesAreLookedUpWhenTheyAreAskedFor() {
        final Words words = Words.of("model=&name top=&none", name -> name.equals("name") ? "digits" : null);
        assertEquals("digits", words.text("model", ""));
        Failing.with(ErrorReason.ERROR_REASON_INVALID_REQUEST, () -> words.number("top", 3));
    }

    @Test
    void flagsMayBeWrittenAsTrueOrFalse() {
        assertTrue(Words.of(Collections.singletonMap("all_scores", "true")).flag("all_scores"));
        assertFalse(Words.of("all_scores=false").flag("all_scores"));
        Failing.with(ErrorReason.ERROR_REASON_INVALID_REQUEST, () -> Words.of("all_scores=maybe").flag("all_scores"));
    }

    @Test
    void listsAreSplitAtCommasAndSpaces() {
        assertEquals(Arrays.asList("digits", "textures@2"), Words.split(" digits,textures@2 digits"));
        assertTrue(Words.split("  ").isEmpty());
    }
}
