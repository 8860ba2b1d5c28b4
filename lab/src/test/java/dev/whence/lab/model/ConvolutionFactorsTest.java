package dev.whence.lab.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.whence.curvature.CurvatureKind;
import dev.whence.curvature.Eigenbasis;
import dev.whence.curvature.Fisher;
import dev.whence.curvature.LayerFactors;
import dev.whence.fit.FitSettings;
import dev.whence.fit.MemoryFit;
import dev.whence.lab.data.Dataset;
import dev.whence.model.Linear;
import dev.whence.tensor.DType;
import dev.whence.tensor.Scope;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import dev.whence.trace.Linearization;
import dev.whence.trace.Targets;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** A convolution's Kronecker factors against sums over patches and images, in loops. */
class ConvolutionFactorsTest {
  private static final long SEED = 5;
  private static final int IMAGES = 3;
  private static final int SIDE = 8;
  private static final int KERNEL = 3;
  private static final int IN = KERNEL * KERNEL + 1; // one channel and the bias

  @Test
  void factorsOfTheFirstConvolutionAreTheSumsOverItsPatches() {
    Random random = new Random(SEED);
    float[] pixels = new float[IMAGES * SIDE * SIDE];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = random.nextFloat();
    }
    try (Scope _ = Scope.open();
        ResNet model = new ResNet(SIDE, 2, 1, 3, SEED, DType.FLOAT64);
        Dataset data =
            Dataset.classes(pixels, random.longs(IMAGES, 0, 3).toArray(), DType.FLOAT64)) {
      List<Linear> first = List.of(model.linears().getFirst());
      FitSettings settings =
          FitSettings.DEFAULT
              .withCurvatures(EnumSet.of(CurvatureKind.EKFAC, CurvatureKind.DIAGONAL))
              .withFisher(Fisher.EMPIRICAL); // or the gradients would be of drawn labels
      try (MemoryFit fit = MemoryFit.of(model, first, data.pass(2), data.at(0), settings)) {
        LayerFactors factors = fit.layers().getFirst();
        LayerFactors.Kronecker pair = factors.kronecker().orElseThrow();
        assertThat(pair.positionsPerSequence()).isEqualTo(SIDE * SIDE);
        double[] covariance = covariance(data.features().toDoubles());
        assertThat(matrix(pair.activation())).containsExactly(covariance, within(1e-10));
        List<Tensor> gradients = // of each image, by another way than the fit's
            LongStream.range(0, IMAGES)
                .mapToObj(n -> Linearization.of(model, first, data.at(n)))
                .map(at -> at.logLikelihoodGradient(new Targets.Given()).getFirst())
                .toList();
        Tensor squares = Tensors.stack(gradients, 0).square().mean(0);
        Tensor rotated =
            Tensors.stack(gradients.stream().map(pair::rotate).toList(), 0).square().mean(0);
        assertSame(factors.diagonal().orElseThrow(), squares);
        assertSame(factors.lambda().orElseThrow(), rotated);
      }
    }
  }

  private static void assertSame(Tensor actual, Tensor expected) {
    assertThat(actual.minus(expected).norm().item()).isLessThan(1e-10 * expected.norm().item());
  }

  /** {@code Q diag(values) Q^T}. */
  private static double[] matrix(Eigenbasis basis) {
    Tensor q = basis.vectors().getFirst();
    return q.times(basis.values().unsqueeze(0)).matmul(q.t()).toDoubles();
  }

  /** The mean over all patches of the patch's outer product with itself, a one at its end. */
  private static double[] covariance(double[] pixels) {
    double[] sum = new double[IN * IN];
    for (int n = 0; n < IMAGES; n++) {
      for (int row = 0; row < SIDE; row++) {
        for (int column = 0; column < SIDE; column++) {
          double[] patch = new double[IN];
          patch[IN - 1] = 1;
          for (int k = 0; k < IN - 1; k++) {
            int r = row + k / KERNEL - 1;
            int c = column + k % KERNEL - 1;
            boolean inside = r >= 0 && r < SIDE && c >= 0 && c < SIDE;
            patch[k] = inside ? pixels[(n * SIDE + r) * SIDE + c] : 0;
          }
          for (int i = 0; i < IN; i++) {
            for (int j = 0; j < IN; j++) {
              sum[i * IN + j] += patch[i] * patch[j] / (IMAGES * SIDE * SIDE);
            }
          }
        }
      }
    }
    return sum;
  }
}
