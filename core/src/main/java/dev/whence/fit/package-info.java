/** The passes that turn traces of a corpus into curvature factors, resumable at any chunk. */
@NullMarked
package dev.whence.fit;

import org.jspecify.annotations.NullMarked;
