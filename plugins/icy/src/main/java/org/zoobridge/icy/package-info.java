/**
 * Classifying what is open in Icy, without a word of Icy's: everything here runs and is tested without it. What Icy
 * itself must be told is behind {@link org.zoobridge.icy.SequenceView} and {@link org.zoobridge.icy.RegionView}.
 */
package org.zoobridge.icy;
