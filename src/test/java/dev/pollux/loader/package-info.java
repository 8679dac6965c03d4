/** What a JVM loads of the library, from where, and which parts know of each other. */
package dev.pollux.loader;
