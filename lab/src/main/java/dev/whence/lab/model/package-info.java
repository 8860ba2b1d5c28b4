/** Small models beside the language models: perceptrons and convolutions. */
@NullMarked
package dev.whence.lab.model;

import org.jspecify.annotations.NullMarked;
