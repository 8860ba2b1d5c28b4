/** The results folder: tables in Parquet, score matrices in safetensors, whole or absent. */
@NullMarked
package dev.whence.results;

import org.jspecify.annotations.NullMarked;
