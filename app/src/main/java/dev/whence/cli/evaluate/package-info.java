/** The commands that evaluate the method: {@code whence evaluate}. */
@NullMarked
package dev.whence.cli.evaluate;

import org.jspecify.annotations.NullMarked;
