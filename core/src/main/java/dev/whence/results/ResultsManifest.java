package dev.whence.results;

import dev.whence.corpus.CorpusSummary;
import dev.whence.folder.ModelSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a results folder holds and what it was made from: {@code manifest.json}.
 *
 * @param kind {@code results}
 * @param format the version of the folder's format
 * @param run the fitted run, as an absolute path
 * @param runSha256 of the run's manifest
 * @param queriesSha256 of the queries' tokens and ids
 * @param settings by the command line's option
 * @param candidates what a filter let through, if there was one
 * @param rankCheck how well products of low rank stand for whole gradients, when they were used
 * @param layers tracked layers, in the order of the layerwise scores
 * @param files the SHA-256 of each file beside the manifest
 * @param unit of every influence
 * @param sign what a positive influence means
 */
public record ResultsManifest(
    String kind,
    int format,
    String whenceVersion,
    String created,
    ModelSource model,
    String run,
    String runSha256,
    CorpusSummary corpus,
    String queriesSha256,
    int queries,
    Map<String, String> settings,
    Optional<CandidatesSummary> candidates,
    Optional<RankCheck> rankCheck,
    List<String> layers,
    Map<String, String> files,
    String unit,
    String sign) {
  public static final int FORMAT = 1;
  public static final String UNIT =
      "nats of log p(completion given prompt) per unit of weight on the sequence";
  public static final String SIGN =
      "positive: training more on the sequence makes the completion more likely";

  /** A setting by its option; empty when it was not given. */
  public String setting(String option) {
    return settings.getOrDefault(option, "");
  }

  /** Adds what is known only when results are complete. */
  public ResultsManifest with(Optional<RankCheck> check, Map<String, String> hashes) {
    return new ResultsManifest(
        kind,
        format,
        whenceVersion,
        created,
        model,
        run,
        runSha256,
        corpus,
        queriesSha256,
        queries,
        settings,
        candidates,
        check,
        layers,
        hashes,
        unit,
        sign);
  }

  /**
   * The sequences that a filter let through.
   *
   * @param sequences let through for any query: what was scanned
   * @param sha256 of every query's places
   */
  public record CandidatesSummary(long sequences, String sha256) {}
}
