/** Checks of the method's claims on a user's own model. */
@NullMarked
package dev.whence.doctor;

import org.jspecify.annotations.NullMarked;
