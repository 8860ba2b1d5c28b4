package dev.whence.cli;

import dev.whence.corpus.CorpusSummary;
import dev.whence.index.InfluenceIndexManifest;
import dev.whence.index.Recall;
import dev.whence.results.RankCheck;
import dev.whence.results.ResultsFolder;
import dev.whence.results.ResultsManifest;
import dev.whence.run.RunFolder;
import dev.whence.run.RunManifest;
import dev.whence.search.IndexManifest;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;

/** What a folder holds, in a few lines of words. */
public final class Summary {
  private Summary() {}

  static String of(RunFolder run) {
    RunManifest m = run.manifest();
    long parameters = m.layers().stream().mapToLong(l -> (long) l.outputs() * l.inputs()).sum();
    return String.format(
        Locale.ROOT,
        """
        run %s (whence %s, %s)
          model   %s, %s, sha256 %s
          corpus  %,d documents, %,d sequences of at most %d tokens, %,d positions%s
          layers  %d (%s), %,d parameters
          fitted  %s, %s Fisher, seed %s, %s
          on      %,d sequences for covariances, %,d for eigenvalues; %.1f positions a sequence\
        """,
        run.path(),
        m.whenceVersion(),
        m.created(),
        m.model().folder(),
        m.model().architecture(),
        m.model().sha256().substring(0, 12),
        m.corpus().documents(),
        m.corpus().sequences(),
        m.corpus().sequenceLength(),
        m.corpus().positions(),
        ends(m.corpus()),
        m.layers().size(),
        m.settings().get("layers"),
        parameters,
        m.settings().get("curvature"),
        m.settings().get("fisher"),
        m.settings().get("seed"),
        m.precision(),
        m.covarianceSequences(),
        m.lambdaSequences(),
        m.positionsPerSequence());
  }

  static String of(ResultsFolder results) {
    ResultsManifest m = results.manifest();
    String settings =
        m.settings().entrySet().stream()
            .filter(e -> !e.getValue().equals("false"))
            .map(e -> e.getKey() + " " + e.getValue())
            .collect(Collectors.joining(", "));
    return String.format(
        Locale.ROOT,
        """
        results %s (whence %s, %s)
          run       %s
          corpus    %,d sequences of %,d documents%s%s
          queries   %,d
          settings  %s%s
          unit      %s
          sign      %s\
        """,
        results.path(),
        m.whenceVersion(),
        m.created(),
        m.run(),
        m.corpus().sequences(),
        m.corpus().documents(),
        m.candidates()
            .map(c -> String.format(Locale.ROOT, ", of which %,d were scored", c.sequences()))
            .orElse(""),
        ends(m.corpus()),
        m.queries(),
        settings,
        m.rankCheck().map(Summary::line).orElse(""),
        m.unit(),
        m.sign());
  }

  /** How texts begin and end, where a tokenizer was there to decide. */
  private static String ends(CorpusSummary corpus) {
    return corpus.bos().isPresent() && corpus.eos().isPresent()
        ? ", --bos %s --eos %s".formatted(corpus.bos().get(), corpus.eos().get())
        : "";
  }

  private static String line(RankCheck check) {
    return String.format(
        Locale.ROOT,
        "%n  rank      correlates with full rank at %.3f, at least %.3f (%d queries, %d sequences)",
        check.meanCorrelation(),
        check.leastCorrelation(),
        check.queries(),
        check.sequences());
  }

  public static String of(Path index, InfluenceIndexManifest m) {
    return String.format(
        Locale.ROOT,
        """
        influence index %s (whence %s, %s)
          run     %s
          corpus  %,d sequences, %,d positions%s
          keeps   %s numbers of %s a position, %,.0f bytes a sequence
          weighs  pairs of positions with the same input and target %.3g, target %.3g, input %.3g%s\
        """,
        index,
        m.whenceVersion(),
        m.created(),
        m.run(),
        m.sequences(),
        m.positions(),
        m.parts().size() == 1 ? "" : " in %d corpora".formatted(m.parts().size()),
        m.settings().get("components"),
        Words.counted(Long.parseLong(Objects.requireNonNull(m.settings().get("bits"))), "bits"),
        m.bytesPerSequence(),
        m.weights().both(),
        m.weights().target(),
        m.weights().input(),
        m.recall().map(Summary::lines).orElse("\n  recall  was not measured"));
  }

  private static String lines(Recall recall) {
    return recall.levels().stream()
        .map(level ->
            String.format(
                Locale.ROOT,
                "%n  recall  %.3f of the 10 and %.3f of the 100 of %,d sequences that raise a query most, %s%s",
                level.top10(),
                level.top100(),
                recall.sequences(),
                level.reranked() == 0
                    ? "by the estimates alone"
                    : String.format(Locale.ROOT, "with --rerank %,d", level.reranked()),
                recall.rank() == 0 ? "" : " (by queries of rank " + recall.rank() + ")"))
        .collect(Collectors.joining());
  }

  public static String of(Path index, IndexManifest m) {
    return String.format(
        Locale.ROOT,
        """
        index %s (whence %s, lucene %s, %s)
          corpus  %,d sequences of %,d documents, at most %d tokens each%s
          terms   %s
          size    %,d bytes in %d files\
        """,
        index,
        m.whenceVersion(),
        m.luceneVersion(),
        m.created(),
        m.corpus().sequences(),
        m.corpus().documents(),
        m.corpus().sequenceLength(),
        ends(m.corpus()),
        m.terms(),
        m.files().stream().mapToLong(IndexManifest.IndexFile::bytes).sum(),
        m.files().size());
  }
}
