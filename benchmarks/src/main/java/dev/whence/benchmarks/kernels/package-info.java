/** JMH benchmarks of single kernels: {@code benchmarks/run jmh}. */
@NullMarked
package dev.whence.benchmarks.kernels;

import org.jspecify.annotations.NullMarked;
