package org.zoobridge.imagej;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.zoobridge.v1.Author;
import org.zoobridge.v1.AxisSize;
import org.zoobridge.v1.Citation;
import org.zoobridge.v1.GetModelResponse;
import org.zoobridge.v1.GetServerInfoResponse;
import org.zoobridge.v1.LoadedModel;
import org.zoobridge.v1.Model;
import org.zoobridge.v1.ModelDetails;
import org.zoobridge.v1.Weights;

/** A model or a server in words, as the simple HTML that Swing shows. */
final class ModelPage {

    private ModelPage() {
    }

    /**
     * A model: what it is, what it wants to see, its classes, what to cite.
     *
     * @param answer what the server says of it
     * @return HTML
     */
    static String of(final GetModelResponse answer) {
        final Model model = answer.getModel();
        final ModelDetails details = answer.getDetails();
        final StringBuilder page = new StringBuilder("<html><h2>").append(escape(model.getName())).append("</h2>");
        page.append("<p><b>").append(escape(model.getId())).append("</b> ").append(escape(model.getVersion()))
                .append("</p>");
        if (!model.getProblem().isEmpty()) {
            page.append("<p><font color='#b00020'>").append(escape(model.getProblem())).append("</font></p>");
        }
        page.append("<p>").append(escape(model.getDescription())).append("</p>");
        section(page, "Input", input(model));
        section(page, model.getLabelsCount() + " classes", escape(String.join(", ", model.getLabelsList())));
        section(page, "Weights", weights(model));
        section(page, "Loaded", loaded(model));
        section(page, "Authors", authors(details));
        section(page, "To cite", citations(details));
        section(page, "Licence", escape(model.getLicense()));
        section(page, "Documentation", escape(details.getDocumentation()).replace("\n", "<br>"));
        return page.append("</html>").toString();
    }

    private static void section(final StringBuilder page, final String title, final String text) {
        if (!text.isEmpty()) {
            page.append("<h3>").append(title).append("</h3><p>").append(text).append("</p>");
        }
    }

    private static String input(final Model model) {
        if (!model.hasInput()) {
            return "";
        }
        final List<String> lengths = new ArrayList<>();
        for (final Map.Entry<String, AxisSize> size : new TreeMap<>(model.getInput().getSizesMap()).entrySet()) {
            lengths.add(size.getKey() + " " + size.getValue().getMin()
                    + (size.getValue().getStep() == 0 ? "" : " + n × " + size.getValue().getStep()));
        }
        final String channels = String.join(", ", model.getInput().getChannelNamesList());
        return escape(model.getInput().getAxes() + ": " + String.join("; ", lengths)
                + (channels.isEmpty() ? "" : "; channels " + channels) + "; other sizes: "
                + model.getInput().getFit() + ", " + model.getInput().getInterpolation());
    }

    private static String weights(final Model model) {
        final List<String> lines = new ArrayList<>();
        for (final Weights weights : model.getWeightsList()) {
            final String problem = weights.getProblem().isEmpty() ? "" : " (" + weights.getProblem() + ")";
            lines.add(escape(weights.getFramework() + ": " + weights.getFormat() + problem));
        }
        return String.join("<br>", lines);
    }

    private static String loaded(final Model model) {
        final List<String> lines = new ArrayList<>();
        for (final LoadedModel copy : model.getLoadedList()) {
            lines.add(escape(copy.getFramework() + " on " + copy.getDevice() + ", " + (copy.getMemoryBytes() >> 20)
                    + " MiB, " + copy.getItems() + " items answered"));
        }
        return String.join("<br>", lines);
    }

    private static String authors(final ModelDetails details) {
        final List<String> names = new ArrayList<>();
        for (final Author author : details.getAuthorsList()) {
            names.add(escape(author.getName()
                    + (author.getAffiliation().isEmpty() ? "" : " (" + author.getAffiliation() + ")")));
        }
        return String.join(", ", names);
    }

    private static String citations(final ModelDetails details) {
        final List<String> lines = new ArrayList<>();
        for (final Citation citation : details.getCitationsList()) {
            lines.add(escape(citation.getText() + (citation.getDoi().isEmpty() ? "" : " doi:" + citation.getDoi())
                    + (citation.getUrl().isEmpty() ? "" : " " + citation.getUrl())));
        }
        return String.join("<br>", lines);
    }

    /**
     * A server in a line.
     *
     * @param address where it is
     * @param info    what it says of itself
     * @return plain text
     */
    static String of(final String address, final GetServerInfoResponse info) {
        return "ZooBridge " + info.getVersion() + " at " + address + ", up for " + duration(info.getUptimeSeconds())
                + ", workers confined: " + info.getConfinement();
    }

    private static String duration(final double seconds) {
        final long minutes = (long) (seconds / 60);
        return minutes < 1 ? "less than a minute" : minutes == 1 ? "1 minute" : minutes < 120 ? minutes + " minutes" : minutes / 60 + " hours";
    }

    static String escape(final String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
