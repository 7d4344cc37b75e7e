/**
 * ZooBridge in ImageJ and Fiji: plugins that classify what is open, with nothing typed but the model.
 * <p>
 * The {@code …PlugIn} classes are menu commands and talk to the person; {@link org.zoobridge.imagej.Classifier} does
 * the work and can be called from any script.
 */
package org.zoobridge.imagej;
