/** Measures Whence against the machine's ceilings and against a peer (see docs/BENCHMARKS.md). */
@NullMarked
package dev.whence.benchmarks;

import org.jspecify.annotations.NullMarked;
