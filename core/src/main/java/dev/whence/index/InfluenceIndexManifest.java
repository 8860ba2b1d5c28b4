package dev.whence.index;

import dev.whence.corpus.CorpusSummary;
import dev.whence.folder.ModelSource;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What an influence index holds and what it was made from: {@code manifest.json}.
 *
 * @param kind always {@code influence-index}
 * @param format the version of the folder's format
 * @param run the fitted run, as an absolute path
 * @param runSha256 of the run's manifest
 * @param settings by the command line's option
 * @param recordBytes of each position
 * @param parts one for each corpus that was indexed, in the order of their sequences
 * @param weights of the estimates
 * @param recall what was measured when the index was built, if anything was
 */
@RecordBuilder
public record InfluenceIndexManifest(
    String kind,
    int format,
    String whenceVersion,
    String created,
    ModelSource model,
    String run,
    String runSha256,
    Map<String, String> settings,
    int recordBytes,
    List<Part> parts,
    MatchWeights weights,
    Optional<Recall> recall)
    implements InfluenceIndexManifestBuilder.With {
  public static final int FORMAT = 1;

  public InfluenceIndexManifest {
    // A manifest that lacks a field is damaged, and read as such.
    Objects.requireNonNull(settings, "settings");
    Objects.requireNonNull(weights, "weights");
    parts = List.copyOf(parts);
  }

  /**
   * An indexed corpus.
   *
   * @param shards its sequences, in order
   */
  public record Part(CorpusSummary corpus, List<Shard> shards) {
    public Part {
      Objects.requireNonNull(corpus, "corpus");
      shards = List.copyOf(shards);
    }
  }

  /**
   * Consecutive sequences, in two files of the same name.
   *
   * @param name of the files, without their endings
   * @param codesCrc32c the checksum of the positions' records
   * @param normsCrc32c the checksum of the sequences' norms
   */
  public record Shard(
      String name, long sequences, long positions, String codesCrc32c, String normsCrc32c) {}

  /** How many sequences are indexed. */
  public long sequences() {
    return parts.stream().mapToLong(part -> part.corpus.sequences()).sum();
  }

  /** How many positions are indexed. */
  public long positions() {
    return parts.stream().mapToLong(part -> part.corpus.positions()).sum();
  }

  /** Bytes of a sequence in the mean: its positions' records, and its norm. */
  public double bytesPerSequence() {
    return (double) positions() * recordBytes / Math.max(1, sequences()) + Float.BYTES;
  }
}
