package org.zoobridge.icy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.zoobridge.client.Failing;
import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;

class IndexesTest {

    @Test
    void nothingMeansWhatIsShown() {
        assertArrayEquals(new int[] {3}, Indexes.parse('Z', "", 3, 9));
        assertArrayEquals(new int[] {0, 1, 2}, Indexes.parse('Z', " ", -1, 3));
        assertArrayEquals(new int[] {2}, Indexes.parse('Z', "", 7, 3));
    }

    @Test
    void rangesAndNumbersAreReadInOrder() {
        assertArrayEquals(new int[] {0, 1, 2, 5}, Indexes.parse('T', "5, 0-2,1", 0, 6));
        assertArrayEquals(new int[] {0, 1, 2, 3}, Indexes.parse('T', "ALL", 0, 4));
    }

    @Test
    void whatLiesOutsideOrCannotBeReadIsNamedWithItsAxis() {
        for (final String wrong : new String[] {"4", "-1", "0-4", "two", "3-2", "0-999999999", ","}) {
            final ZooBridgeException error = Failing.with(ErrorReason.ERROR_REASON_REGION, () -> Indexes.parse('T', wrong, 0, 4));
            assertTrue(error.getMessage().contains("along T"), error.getMessage());
        }
    }
}
