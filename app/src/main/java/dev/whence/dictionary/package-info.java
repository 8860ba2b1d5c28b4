/** The quickstart's corpus: an English dictionary. */
@NullMarked
package dev.whence.dictionary;

import org.jspecify.annotations.NullMarked;
