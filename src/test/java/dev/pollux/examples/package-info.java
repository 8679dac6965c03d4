/** Each example, started in a JVM of its own and used from outside. */
package dev.pollux.examples;
