/**
 * The suite sent to another machine's kernel: by the agent of {@code native/agent}, which makes the
 * system calls there. See {@code docs/remote-suite.md}.
 */
package dev.pollux.remote;
