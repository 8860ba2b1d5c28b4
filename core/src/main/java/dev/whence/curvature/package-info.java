/** Approximations of the Gauss-Newton Hessian, layer by layer, in Kronecker-factored eigenbases. */
@NullMarked
package dev.whence.curvature;

import org.jspecify.annotations.NullMarked;
