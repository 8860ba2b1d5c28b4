package dev.whence.results;

import dev.whence.corpus.Query;
import dev.whence.corpus.Sequence;
import dev.whence.corpus.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.duckdb.DuckDBAppender;

/** The Parquet tables of a results folder, described in docs/FORMATS.md. */
public final class ResultTables implements AutoCloseable {
  private final Optional<Tokenizer> tokenizer;
  private final List<String> layers;
  private final Path folder;
  private final Connection database;
  private final ParquetTable queries;
  private final ParquetTable influences;
  private final ParquetTable tokens;
  private final ParquetTable byLayer;
  private final ParquetTable completions;

  public ResultTables(Path folder, Optional<Tokenizer> tokenizer, List<String> layers) {
    this.tokenizer = tokenizer;
    this.layers = layers;
    this.folder = folder;
    this.database = ParquetTable.database(folder);
    queries =
        ParquetTable.open(
            database,
            "queries",
            folder.resolve(ResultsFolder.QUERIES),
            "query_id VARCHAR, prompt VARCHAR, completion VARCHAR, completion_tokens INTEGER,"
                + " log_probability DOUBLE, prompt_token_ids INTEGER[],"
                + " completion_token_ids INTEGER[]");
    influences =
        ParquetTable.open(
            database,
            "influences",
            folder.resolve(ResultsFolder.INFLUENCES),
            "query_id VARCHAR, rank INTEGER, document_id VARCHAR, sequence_index INTEGER,"
                + " token_offset INTEGER, influence DOUBLE, spiky BOOLEAN, text VARCHAR,"
                + " sequence BIGINT, refined BOOLEAN, completion_token INTEGER");
    tokens =
        ParquetTable.open(
            database,
            "tokens",
            folder.resolve(ResultsFolder.TOKENS),
            "query_id VARCHAR, rank INTEGER, position INTEGER, token_id INTEGER, token VARCHAR,"
                + " influence DOUBLE, completion_token INTEGER");
    byLayer =
        ParquetTable.open(
            database,
            "layers",
            folder.resolve(ResultsFolder.LAYERS),
            "query_id VARCHAR, rank INTEGER, layer VARCHAR, influence DOUBLE,"
                + " completion_token INTEGER");
    completions =
        ParquetTable.open(
            database,
            "completions",
            folder.resolve(ResultsFolder.COMPLETIONS),
            "query_id VARCHAR, completion_token INTEGER, token_id INTEGER, token VARCHAR,"
                + " log_probability DOUBLE, likeliest_token_id INTEGER, likeliest_token VARCHAR,"
                + " likeliest_log_probability DOUBLE");
  }

  public void addQueries(List<Query> all, List<Double> logProbabilities) {
    for (int q = 0; q < all.size(); q++) {
      Query query = all.get(q);
      double logProbability = logProbabilities.get(q);
      queries.add(row -> {
        row.append(query.id());
        row.append(query.prompt());
        row.append(query.completion());
        row.append(query.completionTokens().length);
        row.append(logProbability);
        row.append(query.promptTokens());
        row.append(query.completionTokens());
      });
    }
  }

  /**
   * Adds how the model predicts a token of a query's completion.
   *
   * @param token which, from 0
   * @param logProbability given all that comes before, in nats
   * @param likeliest the id of the token that it would rather say
   * @param likeliestLogProbability of that one, in nats
   */
  public void addCompletionToken(
      Query query,
      int token,
      double logProbability,
      int likeliest,
      double likeliestLogProbability) {
    String piece = pieces(query.tokens()).get(query.promptTokens().length + token);
    String likeliestPiece = pieces(new int[] {likeliest}).getFirst();
    completions.add(row -> {
      row.append(query.id());
      row.append(token);
      row.append(query.completionTokens()[token]);
      row.append(piece);
      row.append(logProbability);
      row.append(likeliest);
      row.append(likeliestPiece);
      row.append(likeliestLogProbability);
    });
  }

  /**
   * Adds one of a query's top sequences.
   *
   * @param completionToken that is influenced; empty for the whole completion
   */
  public void add(String query, Optional<Integer> completionToken, RankedSequence ranked) {
    Sequence sequence = ranked.sequence();
    List<String> pieces = pieces(sequence.tokens());
    influences.add(row -> {
      row.append(query);
      row.append(ranked.rank());
      row.append(sequence.documentId());
      row.append(sequence.sequenceIndex());
      row.append(sequence.tokenOffset());
      row.append(ranked.influence());
      row.append(ranked.spiky());
      row.append(String.join("", pieces));
      row.append(sequence.index());
      row.append(ranked.refined());
      append(row, completionToken);
    });
    double[] byToken = ranked.byToken();
    for (int t = 0; t < pieces.size(); t++) {
      int position = t;
      tokens.add(row -> {
        row.append(query);
        row.append(ranked.rank());
        row.append(position);
        row.append(sequence.tokens()[position]);
        row.append(pieces.get(position));
        // The last token predicts nothing.
        row.append(position < byToken.length ? byToken[position] : 0.0);
        append(row, completionToken);
      });
    }
    double[] shares = ranked.byLayer();
    for (int l = 0; l < shares.length; l++) {
      int layer = l;
      byLayer.add(row -> {
        row.append(query);
        row.append(ranked.rank());
        row.append(layers.get(layer));
        row.append(shares[layer]);
        append(row, completionToken);
      });
    }
  }

  private static void append(DuckDBAppender row, Optional<Integer> completionToken)
      throws SQLException {
    if (completionToken.isPresent()) {
      row.append(completionToken.get().intValue());
    } else {
      row.appendNull();
    }
  }

  private List<String> pieces(int[] ids) {
    return tokenizer
        .map(t -> t.pieces(ids))
        .orElseGet(() ->
            IntStream.range(0, ids.length)
                .mapToObj(i -> i == 0 ? "" + ids[i] : " " + ids[i])
                .toList());
  }

  public void write() {
    queries.write();
    influences.write();
    tokens.write();
    byLayer.write();
    completions.write();
  }

  @Override
  public void close() {
    try {
      database.close();
      Files.deleteIfExists(folder.resolve("spill"));
    } catch (SQLException | IOException e) {
      throw new IllegalStateException("cannot close the tables of " + folder, e);
    }
  }
}
