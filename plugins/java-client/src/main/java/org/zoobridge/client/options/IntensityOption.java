package org.zoobridge.client.options;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

import org.zoobridge.client.errors.ZooBridgeException;
import org.zoobridge.v1.ErrorReason;
import org.zoobridge.v1.Intensity;
import org.zoobridge.v1.IntensityRule;

/** How intensities reach the model's range, as a person writes it. */
final class IntensityOption {

    private static final Map<String, IntensityRule> RULES = rules();

    private IntensityOption() {
    }

    private static Map<String, IntensityRule> rules() {
        final Map<String, IntensityRule> rules = new LinkedHashMap<>();
        rules.put(Options.AUTOMATIC, IntensityRule.INTENSITY_RULE_UNSPECIFIED);
        rules.put("as_is", IntensityRule.INTENSITY_RULE_AS_IS);
        rules.put("dtype_range", IntensityRule.INTENSITY_RULE_DTYPE_RANGE);
        rules.put("unit_range", IntensityRule.INTENSITY_RULE_UNIT_RANGE);
        rules.put("min_max", IntensityRule.INTENSITY_RULE_MIN_MAX);
        return Collections.unmodifiableMap(rules);
    }

    /**
     * Reads a rule.
     *
     * @param text a rule's name, or {@code LOW,HIGH}
     * @return the rule
     * @throws ZooBridgeException if it is neither
     */
    static Intensity parse(final String text) {
        final IntensityRule rule = RULES.get(text);
        if (rule != null) {
            return Intensity.newBuilder().setRule(rule).build();
        }
        final String[] ends = text.split(",", -1);
        if (ends.length != 2) {
            throw wrong(text, null);
        }
        try {
            final double low = Double.parseDouble(ends[0].trim());
            final double high = Double.parseDouble(ends[1].trim());
            if (low < high && !Double.isInfinite(high - low)) {
                return Intensity.newBuilder().setRule(IntensityRule.INTENSITY_RULE_EXPLICIT).setLow(low).setHigh(high)
                        .build();
            }
        } catch (NumberFormatException error) {
            throw wrong(text, error);
        }
        throw wrong(text, null);
    }

    private static ZooBridgeException wrong(final String text, final Throwable cause) {
        return ZooBridgeException.of(ErrorReason.ERROR_REASON_INVALID_REQUEST,
                "\"" + text + "\" does not say how intensities reach the model's range. Write "
                + String.join(", ", RULES.keySet()) + ", or the two intensities that become its ends, such as 0,4095.")
                .field("intensity").causedBy(cause);
    }
}
