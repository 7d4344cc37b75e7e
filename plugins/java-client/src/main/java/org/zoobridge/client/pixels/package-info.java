/** Pictures and their pixels, planes and regions. */
package org.zoobridge.client.pixels;
