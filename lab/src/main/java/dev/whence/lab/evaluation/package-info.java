/** Measures how well influence predicts what it claims to predict. */
@NullMarked
package dev.whence.lab.evaluation;

import org.jspecify.annotations.NullMarked;
