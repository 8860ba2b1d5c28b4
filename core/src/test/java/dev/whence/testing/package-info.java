/** What tests of all modules share. */
@NullMarked
package dev.whence.testing;

import org.jspecify.annotations.NullMarked;
