/**
 * What runs over a corpus: batches, targets, and the tracked layers' inputs and output gradients.
 */
@NullMarked
package dev.whence.trace;

import org.jspecify.annotations.NullMarked;
