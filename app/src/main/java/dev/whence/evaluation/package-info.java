/** Measuring what Whence's shortcuts cost, on a user's own run. */
@NullMarked
package dev.whence.evaluation;

import org.jspecify.annotations.NullMarked;
