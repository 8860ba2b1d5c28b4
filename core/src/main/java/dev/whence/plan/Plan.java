package dev.whence.plan;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a fit and an attribution with its factors will take on a machine.
 *
 * @param machine absent when the device that was planned for is not here
 * @param attribution absent when only a fit was planned
 * @param index that could be built, in no phase
 */
public record Plan(
    Optional<Machine> machine,
    FitPlan fit,
    Optional<AttributionPlan> attribution,
    IndexPlan index) {
  /** All stages, in their order. */
  public List<Phase> phases() {
    return Stream.concat(
            fit.phases().stream(), attribution.stream().flatMap(a -> a.phases().stream()))
        .toList();
  }

  /** The time that all stages take, on a machine that was measured. */
  public Optional<Double> seconds() {
    return machine.map(
        measured -> phases().stream().mapToDouble(phase -> phase.cost().seconds(measured)).sum());
  }
}
