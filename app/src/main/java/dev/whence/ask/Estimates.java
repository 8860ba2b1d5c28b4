package dev.whence.ask;

import dev.whence.Json;
import dev.whence.corpus.Sequence;
import dev.whence.folder.AtomicFile;
import dev.whence.index.IndexSearcher.Answer;
import dev.whence.index.IndexSearcher.Found;
import dev.whence.store.CorpusText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What an influence index says at once, before anything is computed exactly. Stored beside the
 * answer's results.
 *
 * @param raising strongest first
 * @param lowering strongest first
 */
public record Estimates(List<Estimate> raising, List<Estimate> lowering) {
  private static final String FILE = "estimates.json";

  /** How many of each sign. */
  static final int COUNT = 20;

  /**
   * A sequence's estimated influence.
   *
   * @param influence in nats per unit of weight
   */
  public record Estimate(double influence, String documentId, String text) {}

  static Estimates of(Answer answer, CorpusText corpus) {
    return new Estimates(texts(answer.raising(), corpus), texts(answer.lowering(), corpus));
  }

  private static List<Estimate> texts(List<Found> found, CorpusText corpus) {
    return found.stream()
        .limit(COUNT)
        .map(one -> {
          Sequence sequence = corpus.corpus().sequence(one.place());
          return new Estimate(one.influence(), sequence.documentId(), corpus.text(one.place()));
        })
        .toList();
  }

  /** Stores the estimates beside a question's results. */
  void write(Path results) {
    Path file = results.resolveSibling(FILE);
    try {
      AtomicFile.write(file, Json.MAPPER.writeValueAsString(this));
    } catch (IOException e) {
      throw AtomicFile.failed("write", file, e);
    }
  }

  /** The estimates beside a question's results, if there are any yet. */
  public static Optional<Estimates> beside(Path results) {
    Path file = results.resolveSibling(FILE);
    try {
      return Files.exists(file)
          ? Optional.of(Json.MAPPER.readValue(Files.readAllBytes(file), Estimates.class))
          : Optional.empty();
    } catch (IOException e) {
      throw AtomicFile.unreadable(file, e);
    }
  }
}
