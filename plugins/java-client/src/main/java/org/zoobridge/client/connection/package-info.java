/** Which server to use: its address, certificate and token; servers of this machine. */
package org.zoobridge.client.connection;
