/** The filter: a Lucene index over a corpus's sequences, and the best matches of a query. */
@NullMarked
package dev.whence.search;

import org.jspecify.annotations.NullMarked;
