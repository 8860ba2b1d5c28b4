/** Tables and images to evaluate influence on. */
@NullMarked
package dev.whence.lab.data;

import org.jspecify.annotations.NullMarked;
