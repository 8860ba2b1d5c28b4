/** The run folder: what was fitted, from what, in versioned formats; whole or absent. */
@NullMarked
package dev.whence.run;

import org.jspecify.annotations.NullMarked;
