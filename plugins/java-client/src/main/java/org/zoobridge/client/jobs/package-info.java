/** Whole images and folders, divided into requests. */
package org.zoobridge.client.jobs;
