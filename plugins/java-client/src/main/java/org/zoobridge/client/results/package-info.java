/** Tables, counts by class and warnings of answers. */
package org.zoobridge.client.results;
