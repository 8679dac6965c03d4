/** What the tests share: pairs of backend and binding, descriptors, child processes, libc. */
package dev.pollux.support;
