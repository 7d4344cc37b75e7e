/** Training of models on regions of images. */
package org.zoobridge.client.training;
