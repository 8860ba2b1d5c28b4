/**
 * Which training sequences moved a query's log-probability, and by how much: preconditioned
 * queries, and the scan.
 */
@NullMarked
package dev.whence.influence;

import org.jspecify.annotations.NullMarked;
