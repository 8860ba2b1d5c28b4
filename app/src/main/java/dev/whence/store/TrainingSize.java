package dev.whence.store;

import dev.whence.InvalidInputException;
import dev.whence.results.ResultsFolder;
import dev.whence.run.RunFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * With how many sequences a model was trained, by which influence becomes that of one more copy.
 */
public final class TrainingSize {
  /** What {@code whence train} leaves beside a model that it made. */
  public static final String RECORD = "training.json";

  private TrainingSize() {}

  /**
   * The number of sequences that the results' run was fitted for, if its model was trained here;
   * the corpus of a run of another model need not be what that was trained on.
   */
  public static Optional<Long> of(ResultsFolder results) {
    if (!Files.exists(Path.of(results.manifest().model().folder()).resolve(RECORD))) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          RunFolder.open(Path.of(results.manifest().run())).manifest().corpus().sequences());
    } catch (InvalidInputException _) {
      return Optional.empty(); // the run has moved
    }
  }
}
