/** Results, corpora and models opened for reading: what pages and reports are made of. */
@NullMarked
package dev.whence.store;

import org.jspecify.annotations.NullMarked;
