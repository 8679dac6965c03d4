/**
 * What each kind of Linux descriptor reports: {@code docs/descriptors.md}, cell by cell, on every
 * pair of a backend and a binding.
 */
package dev.pollux.contract.kinds;
