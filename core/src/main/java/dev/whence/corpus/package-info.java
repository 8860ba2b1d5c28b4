/**
 * Documents in, token sequences out: readers, the tokenizer, the memory-mapped cache and batches.
 */
@NullMarked
package dev.whence.corpus;

import org.jspecify.annotations.NullMarked;
