/**
 * Classify pictures on a ZooBridge server from any JVM program; start with {@link org.zoobridge.client.ZooBridge}.
 * <p>
 * The messages of the contract ({@code org.zoobridge.v1}) are generated from the project's {@code proto/} folder, where
 * each field is described.
 */
package org.zoobridge.client;
