/** The user's own zoo on this machine. */
package org.zoobridge.client.zoo;
