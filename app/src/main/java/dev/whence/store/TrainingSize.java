package dev.whence.store;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.results.ResultsFolder;
import dev.whence.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.core.JacksonException;

/**
 * With how many sequences a model was trained, by which influence becomes that of one more copy.
 */
public final class TrainingSize {
  /** What {@code whence train} leaves beside a model that it made. */
  public static final String RECORD = "training.json";

  /** Its field with the number of sequences that the model was trained on. */
  public static final String SEQUENCES = "training_sequences";

  private TrainingSize() {}

  /**
   * How many sequences the results' model was trained on, if it was trained here: as its record
   * says, else as many as its run was fitted for. The corpus of a run of another model need not be
   * what that was trained on.
   */
  public static Optional<Long> of(ResultsFolder results) {
    Path record = Path.of(results.manifest().model().folder()).resolve(RECORD);
    if (!Files.exists(record)) {
      return Optional.empty();
    }
    try {
      long recorded = Json.MAPPER.readTree(Files.readAllBytes(record)).path(SEQUENCES).asLong(0);
      if (recorded > 0) {
        return Optional.of(recorded);
      }
    } catch (IOException | JacksonException _) {
      return Optional.empty(); // it says nothing that can be read
    }
    try {
      return Optional.of(
          RunFolder.open(Path.of(results.manifest().run())).manifest().corpus().sequences());
    } catch (InvalidInputException _) {
      return Optional.empty(); // the run has moved
    }
  }
}
