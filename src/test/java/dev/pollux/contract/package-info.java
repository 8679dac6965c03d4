/** The promises of the library, a chapter a class, on every backend and binding. */
package dev.pollux.contract;
