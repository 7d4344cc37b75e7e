/** Parts of windows that programs with Swing share. */
package org.zoobridge.client.ui;
