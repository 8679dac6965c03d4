/**
 * Waiting for file descriptors: start with {@link dev.pollux.DefaultSelector}.
 *
 * <p>The sources have a page for each question:
 *
 * <ul>
 *   <li>level or edge, and what every backend promises: {@code docs/guide.md}
 *   <li>what each kind of descriptor reports: {@code docs/descriptors.md}, with programs in {@code
 *       docs/recipes.md}
 *   <li>what any thread may call, and virtual threads: {@code docs/threads.md}
 *   <li>selectors that watch selectors: {@code docs/nesting.md}
 *   <li>backends, bindings and system properties: {@code docs/backends.md}
 *   <li>native access: {@code docs/installing.md}; a library that does not load: {@code
 *       docs/loading.md}
 *   <li>a loop that spins, hangs or is slow: {@code docs/diagnostics.md}, {@code docs/strict.md}
 *   <li>what versions promise: {@code docs/releases.md}
 * </ul>
 */
package dev.pollux;
