/** Training again: on other data, how different would the model be? */
@NullMarked
package dev.whence.lab.retraining;

import org.jspecify.annotations.NullMarked;
