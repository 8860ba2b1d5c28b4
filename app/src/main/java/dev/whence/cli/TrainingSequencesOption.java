package dev.whence.cli;

import dev.whence.InvalidInputException;
import dev.whence.results.ResultsFolder;
import dev.whence.store.TrainingSize;
import java.util.Optional;
import picocli.CommandLine.Option;

/** With how many sequences a model was trained, by which the effect of one more copy is told. */
public final class TrainingSequencesOption {
  @Option(
      names = "--training-sequences",
      paramLabel = "N",
      description =
          "With how many sequences the model was trained: then what one more copy of a sequence"
              + " changes is shown (default: as 'whence train' recorded it).")
  private Optional<Long> given = Optional.empty();

  /** What was given, if anything was. */
  Optional<Long> given() {
    given.ifPresent(n -> {
      if (n < 1) {
        throw new InvalidInputException("--training-sequences is " + n + " but must be at least 1");
      }
    });
    return given;
  }

  /** What was given, or else what is known of the results' model. */
  Optional<Long> of(ResultsFolder results) {
    return given().or(() -> TrainingSize.of(results));
  }
}
