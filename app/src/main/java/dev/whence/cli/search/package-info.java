/** The commands of the filter: {@code whence search}. */
@NullMarked
package dev.whence.cli.search;

import org.jspecify.annotations.NullMarked;
