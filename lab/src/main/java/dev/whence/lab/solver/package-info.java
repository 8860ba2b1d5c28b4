/** Reference solvers: other ways to the damped inverse curvature, exact or iterated. */
@NullMarked
package dev.whence.lab.solver;

import org.jspecify.annotations.NullMarked;
