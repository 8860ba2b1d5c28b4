/** Questions that are asked while results are looked at: a queue, worked off one by one. */
@NullMarked
package dev.whence.ask;

import org.jspecify.annotations.NullMarked;
