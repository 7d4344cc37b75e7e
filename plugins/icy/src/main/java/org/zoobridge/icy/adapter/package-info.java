/** Icy's sequences and regions behind the interfaces that the logic knows. */
package org.zoobridge.icy.adapter;
