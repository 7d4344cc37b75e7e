/** What can go wrong, each in a type of its own; every message is a sentence that names the fix. */
package org.zoobridge.client.errors;
