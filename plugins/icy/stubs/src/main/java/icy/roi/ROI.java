package icy.roi;

import java.awt.Color;
import java.awt.Rectangle;
import java.util.HashMap;
import java.util.Map;

/** Stands for Icy's {@code icy.roi.ROI}: a name, a colour and properties. */
public abstract class ROI {

    private final Map<String, String> properties = new HashMap<>();
    private String name = "";
    private Color color = Color.GREEN;

    public String getName() {
        return name;
    }

    public void setName(String name) {
        this.name = name;
    }

    public Color getColor() {
        return color;
    }

    public void setColor(Color color) {
        this.color = color;
    }

    public String getProperty(String name) {
        return properties.get(name.toLowerCase());
    }

    public void setProperty(String name, String value) {
        properties.put(name.toLowerCase(), value);
    }

    public void beginUpdate() {
    }

    public void endUpdate() {
    }

    public abstract boolean[] getBooleanMask2D(Rectangle box, int z, int t, int c, boolean inclusive)
            throws InterruptedException;
}
