/** Tensors: the only package that touches libtorch, its pointers and its scopes. */
@NullMarked
package dev.whence.tensor;

import org.jspecify.annotations.NullMarked;
