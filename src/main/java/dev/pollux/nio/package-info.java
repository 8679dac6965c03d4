/**
 * {@code java.nio} on Pollux, by a system property or for one selector: {@link
 * dev.pollux.nio.PolluxSelectorProvider}. What changes, what does not, and what differs from one
 * JDK to the next is in {@code docs/java-nio.md}.
 */
package dev.pollux.nio;
