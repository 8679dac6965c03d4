/**
 * Models of BSD kernels, so that the kqueue driver runs anywhere, and what holds for them alone.
 */
package dev.pollux.kernel;
