/**
 * What a run will take, before it runs: passes, operations, memory, disk and time, from the same
 * planners that divide the work when it does.
 */
@NullMarked
package dev.whence.plan;

import org.jspecify.annotations.NullMarked;
