/** The commands of the influence index: {@code whence index}. */
@NullMarked
package dev.whence.cli.index;

import org.jspecify.annotations.NullMarked;
