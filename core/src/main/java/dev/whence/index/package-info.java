/**
 * Kept gradients: an index of a corpus that estimates every sequence's influence on any query in
 * one sweep, and what is computed from it (docs/decisions/0020).
 */
@NullMarked
package dev.whence.index;

import org.jspecify.annotations.NullMarked;
