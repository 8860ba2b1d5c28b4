/** The attribution job: queries, a scan of the corpus, and the strongest sequences taken apart. */
@NullMarked
package dev.whence.attribution;

import org.jspecify.annotations.NullMarked;
