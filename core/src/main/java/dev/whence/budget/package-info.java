/**
 * What fits into memory: in which batches, ranges of layers and parts, and with less after a
 * failure.
 */
@NullMarked
package dev.whence.budget;

import org.jspecify.annotations.NullMarked;
