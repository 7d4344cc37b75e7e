/** What a person chooses in a dialog or writes in a macro. */
package org.zoobridge.client.options;
