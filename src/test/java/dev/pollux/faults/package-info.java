/** System calls that fail: what each backend makes of an error that real kernels seldom return. */
package dev.pollux.faults;
