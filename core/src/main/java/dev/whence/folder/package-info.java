/** Folders and files that are whole or absent, their manifests, locks and hashes. */
@NullMarked
package dev.whence.folder;

import org.jspecify.annotations.NullMarked;
