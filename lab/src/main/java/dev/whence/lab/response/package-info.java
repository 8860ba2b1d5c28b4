/** The proximal Bregman response function: what influence claims to predict. */
@NullMarked
package dev.whence.lab.response;

import org.jspecify.annotations.NullMarked;
