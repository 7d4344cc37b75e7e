/** The error of every call, with the contract's reason. */
package org.zoobridge.client.errors;
