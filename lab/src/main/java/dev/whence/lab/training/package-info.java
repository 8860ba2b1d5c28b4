/** Training language models: what the quickstart's model was made with. */
@NullMarked
package dev.whence.lab.training;

import org.jspecify.annotations.NullMarked;
