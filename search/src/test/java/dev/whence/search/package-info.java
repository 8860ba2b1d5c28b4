/** Tests of the filter, against loops over all sequences. */
@NullMarked
package dev.whence.search;

import org.jspecify.annotations.NullMarked;
