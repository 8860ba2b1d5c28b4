/** The command line: one class a command, and the only place where the parts are put together. */
@NullMarked
package dev.whence.cli;

import org.jspecify.annotations.NullMarked;
