/** The quickstart's corpus: an English dictionary. */
@NullMarked
package dev.whence.lab.dictionary;

import org.jspecify.annotations.NullMarked;
