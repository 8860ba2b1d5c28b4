package dev.whence.attribution;

import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Query;
import dev.whence.curvature.CurvatureKind;
import dev.whence.fit.Fit;
import dev.whence.fit.FitSettings;
import dev.whence.influence.Candidates;
import dev.whence.model.LanguageModel;
import dev.whence.model.LayerSelection;
import dev.whence.results.ResultsFolder;
import dev.whence.run.RunFolder;
import dev.whence.run.Workbench;
import dev.whence.tensor.DType;
import dev.whence.testing.Oracle;
import dev.whence.testing.TestDevice;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A model, a corpus of very different lengths and a fit of one to the other; close it after use.
 */
public record Bench(Path folder, LanguageModel model, Corpus corpus, RunFolder run)
    implements AutoCloseable {
  static final long SEED = 37;
  public static final List<String> LAYERS =
      List.of("transformer.h.0.attn.c_proj", "transformer.h.1.attn.c_proj");

  /** Four sequences of one token, and the longest that there are. */
  private static final int[] LENGTHS = {
    2, 24, 2, 7, 3, 12, 3, 24, 2, 5, 2, 9, 17, 4, 2, 6, 8, 3, 20, 11
  };

  public static final AttributionSettings ALL =
      AttributionSettings.DEFAULT
          .computing(TestDevice::compute)
          .withAllScores(true)
          .withLayerwise(true)
          .withTokenwise(true)
          .withSelfInfluence(true);

  public static Bench open(Path folder) {
    return open(folder, Oracle.of("gpt2").model());
  }

  public static Bench open(Path folder, Path modelFolder) {
    LanguageModel model = LanguageModel.load(modelFolder, DType.FLOAT64, TestDevice.DEVICE);
    Corpus corpus = Workbench.corpus(folder, documents());
    FitSettings settings =
        FitSettings.DEFAULT
            .computing(TestDevice::compute)
            .withLayers(new LayerSelection(".*attn\\.c_proj"))
            .withCurvatures(EnumSet.of(CurvatureKind.EKFAC))
            .computing(c -> c.withType(DType.FLOAT64));
    RunFolder run =
        Fit.run(model, modelFolder, corpus, settings, folder.resolve("run"), false, Progress.NONE);
    return new Bench(folder, model, corpus, run);
  }

  static Map<String, int[]> documents() {
    return Workbench.documents(SEED, LENGTHS);
  }

  /** Three queries of random tokens. */
  public static List<Query> queries() {
    List<Query> queries = new ArrayList<>();
    Workbench.documents(SEED + 1, 8, 5, 12)
        .forEach((id, tokens) -> {
          int[] prompt = Arrays.copyOf(tokens, 3);
          int[] completion = Arrays.copyOfRange(tokens, 3, tokens.length);
          queries.add(new Query("q" + id, prompt, completion, "prompt", "completion"));
        });
    return queries;
  }

  /** Every sequence of the corpus as a query, without a prompt; those of one token left out. */
  List<Query> sequencesAsQueries() {
    List<Query> queries = new ArrayList<>();
    for (long n = 0; n < corpus.size(); n++) {
      int[] tokens = corpus.sequence(n).tokens();
      if (tokens.length > 1) {
        queries.add(new Query("" + n, new int[0], tokens, "", ""));
      }
    }
    return queries;
  }

  /** Attributes {@link #queries} into a folder of this name. */
  public ResultsFolder attribute(String name, AttributionSettings settings) {
    return attribute(name, queries(), settings, false, Progress.NONE);
  }

  public ResultsFolder attribute(
      String name,
      List<Query> queries,
      AttributionSettings settings,
      boolean force,
      Progress progress) {
    return Attribution.run(
        new AttributionInput(run, model, Optional.empty(), queries, corpus),
        settings,
        folder.resolve(name),
        force,
        progress);
  }

  /** Attributes {@link #queries} to candidates alone. */
  public ResultsFolder attribute(
      String name, Candidates candidates, AttributionSettings settings, Progress progress) {
    return Attribution.run(
        new AttributionInput(
            run, model, Optional.empty(), queries(), corpus, Optional.of(candidates)),
        settings,
        folder.resolve(name),
        false,
        progress);
  }

  /** One tensor of a folder's scores. */
  public static double[] scores(ResultsFolder results, String name) {
    Path file = results.path().resolve(ResultsFolder.SCORES);
    return Objects.requireNonNull(Workbench.numbers(file).get(name), name);
  }

  /** Every row of every table, in order. */
  static Map<String, List<String>> tables(ResultsFolder results) {
    Map<String, List<String>> tables = new TreeMap<>();
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement()) {
      for (String name : Workbench.names(results.path())) {
        if (name.endsWith(".parquet")) {
          List<String> rows = new ArrayList<>();
          // The row as one struct, which prints all its columns.
          String table = "read_parquet('" + results.path().resolve(name) + "')";
          try (ResultSet set = statement.executeQuery("SELECT r::VARCHAR FROM " + table + " r")) {
            while (set.next()) {
              rows.add(set.getString(1));
            }
          }
          tables.put(name, rows);
        }
      }
      return tables;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    corpus.close();
    model.close();
  }
}
