/**
 * Stands in for Icy, which is in no registry: the signatures of what the plugin calls, to compile against, with as much
 * of Icy's behaviour as tests of the plugin's windows and blocks need. Never in the jar.
 */
package icy;
