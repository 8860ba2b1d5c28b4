/** What every package shares: how the user's mistakes are told and how long work reports itself. */
@NullMarked
package dev.whence;

import org.jspecify.annotations.NullMarked;
