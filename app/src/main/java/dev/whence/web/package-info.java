/** The explorer and the report: results as pages. */
@NullMarked
package dev.whence.web;

import org.jspecify.annotations.NullMarked;
