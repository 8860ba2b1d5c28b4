package dev.whence.cli;

import dev.whence.curvature.Damping;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How curvature is damped: one way or the other. */
public final class DampingOptions {
  @Option(
      names = "--damping-ratio",
      paramLabel = "R",
      description = "Damping as a share of each layer's mean eigenvalue (default: 0.1).")
  private Optional<Double> ratio = Optional.empty();

  @Option(
      names = "--damping",
      paramLabel = "ABSOLUTE",
      description = "The same damping for every layer.")
  private Optional<Double> absolute = Optional.empty();

  /** The damping that was chosen, if any was. */
  public Optional<Damping> chosen() {
    return absolute.<Damping>map(Damping.Absolute::new).or(() -> ratio.map(Damping.Relative::new));
  }

  /** The damping that was chosen, or the usual one. */
  public Damping damping() {
    return chosen().orElse(Damping.DEFAULT);
  }
}
