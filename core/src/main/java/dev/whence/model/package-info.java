/**
 * A checkpoint folder becomes a language model, and a batch of tokens a trace of its tracked
 * layers.
 */
@NullMarked
package dev.whence.model;

import org.jspecify.annotations.NullMarked;
