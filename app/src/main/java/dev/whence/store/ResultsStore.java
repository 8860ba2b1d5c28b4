package dev.whence.store;

import dev.whence.InvalidInputException;
import dev.whence.corpus.Query;
import dev.whence.results.ResultsFolder;
import dev.whence.results.ResultsFolder.CompletionToken;
import dev.whence.results.ResultsFolder.LayerInfluence;
import dev.whence.results.ResultsFolder.StoredQuery;
import dev.whence.results.ResultsFolder.TokenInfluence;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * One results folder, opened for reading: its tables by SQL over the Parquet files, its scores
 * mapped into memory. Nothing is written. Any number of threads may read it.
 */
public final class ResultsStore implements AutoCloseable {
  private static final List<String> TABLES = List.of("influences", "tokens", "layers");

  /** Selects rows for {@link #sequence(ResultSet)} whose influence through all layers counts. */
  private static final String WHOLE = "SELECT i.*, i.influence AS counted FROM influences i WHERE ";

  private final String name;
  private final ResultsFolder folder;
  private final Tables tables;
  private final Map<String, StoredQuery> queries = new LinkedHashMap<>();
  private final Map<String, Query> tokens = new ConcurrentHashMap<>();
  private final Map<String, List<CompletionToken>> completions = new ConcurrentHashMap<>();
  private final List<String> ids;
  private final Optional<ScoreMatrix> scores;

  private ResultsStore(String name, ResultsFolder folder) {
    this.name = name;
    this.folder = folder;
    folder.queries().forEach(query -> queries.put(query.id(), query));
    this.ids = List.copyOf(queries.keySet());
    this.tables = Tables.open(folder, TABLES);
    Path file = folder.path().resolve(ResultsFolder.SCORES);
    try {
      this.scores = Files.exists(file) ? Optional.of(ScoreMatrix.open(file)) : Optional.empty();
    } catch (RuntimeException e) {
      tables.close();
      throw e;
    }
  }

  /**
   * Opens a results folder.
   *
   * @param name the name that pages show
   * @throws InvalidInputException when the folder holds no finished results, or a table was changed
   */
  public static ResultsStore open(String name, Path path) {
    return new ResultsStore(name, ResultsFolder.open(path));
  }

  public String name() {
    return name;
  }

  public ResultsFolder folder() {
    return folder;
  }

  /** The whole matrix of scores, where it was written. */
  public Optional<ScoreMatrix> scores() {
    return scores;
  }

  /** The queries, in the order in which they were asked. */
  public List<StoredQuery> queries() {
    return List.copyOf(queries.values());
  }

  public Optional<StoredQuery> query(String id) {
    return Optional.ofNullable(queries.get(id));
  }

  /**
   * A query with its tokens.
   *
   * @throws InvalidInputException when the results are from before tokens were stored
   */
  public Query tokens(String queryId) {
    return tokens.computeIfAbsent(queryId, folder::query);
  }

  /** How the model predicts the tokens of a query's completion; nothing in old results. */
  public List<CompletionToken> completionTokens(String queryId) {
    return completions.computeIfAbsent(queryId, folder::completionTokens);
  }

  /**
   * The influence on a query of all sequences that were scored for it, in nats, refined where the
   * tables have refined ones; empty when they were not written. Empty also with a filter and
   * several queries: the matrix then has the candidates of all of them.
   */
  public Optional<double[]> influence(String queryId) {
    boolean mixed = folder.manifest().candidates().isPresent() && ids.size() > 1;
    return mixed
        ? Optional.empty()
        : scores.flatMap(
            s -> s.influence(ids.indexOf(queryId)).map(values -> refined(queryId, s, values)));
  }

  private double[] refined(String queryId, ScoreMatrix matrix, double[] values) {
    tables
        .select(WHOLE + "query_id = ? AND refined", ResultsStore::sequence, queryId)
        .forEach(s -> matrix.column(s.place()).ifPresent(c -> values[c] = s.influence()));
    return values;
  }

  /** A query's strongest sequences, strongest first. */
  public List<TopSequence> top(String queryId, Ranking ranking) {
    String sign = ranking.raising() ? ">" : "<";
    String order = ranking.raising() ? "DESC" : "ASC";
    String spiky = ranking.hideSpiky() ? " AND NOT i.spiky" : "";
    if (ranking.layers().isAll()) {
      return tables.select(
          WHOLE
              + "query_id = ? AND rank "
              + sign
              + " 0"
              + spiky
              + " ORDER BY abs(rank) LIMIT ? OFFSET ?",
          ResultsStore::sequence,
          queryId,
          ranking.count(),
          ranking.from());
    }
    List<String> layers =
        folder.manifest().layers().subList(ranking.layers().first(), ranking.layers().last() + 1);
    List<Object> arguments = new ArrayList<>();
    arguments.add(queryId);
    arguments.addAll(layers);
    arguments.add(queryId);
    arguments.add(ranking.count());
    arguments.add(ranking.from());
    return tables.select(
        "SELECT i.*, l.counted FROM influences i JOIN (SELECT rank, sum(influence) AS counted FROM"
            + " layers WHERE query_id = ? AND layer IN ("
            + marks(layers.size())
            + ") GROUP BY rank) l USING (rank) WHERE i.query_id = ? AND l.counted "
            + sign
            + " 0"
            + spiky
            + " ORDER BY l.counted "
            + order
            + ", rank LIMIT ? OFFSET ?",
        ResultsStore::sequence,
        arguments.toArray());
  }

  /** The number of sequences and their total influence, in nats. */
  public record Sum(int sequences, double influence) {}

  /**
   * The sum over all sequences of a ranking that the tables have, whatever its {@code from} and
   * count.
   */
  public Sum sum(String queryId, Ranking ranking) {
    List<TopSequence> all =
        top(
            queryId,
            new Ranking(
                ranking.raising(), ranking.layers(), ranking.hideSpiky(), 0, Integer.MAX_VALUE));
    return new Sum(all.size(), all.stream().mapToDouble(TopSequence::counted).sum());
  }

  /** The requested sequences of a ranking, and the sum over all of its sequences. */
  public record Ranked(List<TopSequence> sequences, Sum all) {}

  /**
   * The sequences of a ranking among all that were scored, not only those that the tables have;
   * empty where influences were not written layer by layer. Empty also with a filter, as the matrix
   * then has the candidates of all queries, and when spiky sequences are hidden.
   *
   * @param corpus supplies sequences that the tables lack; their rank is 0
   */
  public Optional<Ranked> topOfAll(String queryId, Ranking ranking, CorpusText corpus) {
    if (folder.manifest().candidates().isPresent() || ranking.hideSpiky()) {
      return Optional.empty();
    }
    return scores
        .flatMap(s -> s.throughLayers(ids.indexOf(queryId), ranking.layers()))
        .map(sums -> ranked(queryId, ranking, sums, corpus));
  }

  private Ranked ranked(String queryId, Ranking ranking, double[] sums, CorpusText corpus) {
    int sign = ranking.raising() ? 1 : -1;
    List<Integer> order =
        IntStream.range(0, sums.length)
            .filter(c -> sign * sums[c] > 0)
            .boxed()
            .sorted(Comparator.comparingDouble(c -> -sign * sums[c]))
            .toList();
    Map<Long, TopSequence> inTables = new HashMap<>();
    tables
        .select(WHOLE + "query_id = ?", ResultsStore::sequence, queryId)
        .forEach(s -> inTables.put(s.place(), s));
    return new Ranked(
        order.stream()
            .skip(ranking.from())
            .limit(ranking.count())
            .map(c -> {
              long place = scores.orElseThrow().place(c);
              return Optional.ofNullable(inTables.get(place))
                  .orElseGet(() -> corpus.unranked(place))
                  .counting(sums[c]);
            })
            .toList(),
        new Sum(order.size(), order.stream().mapToDouble(c -> sums[c]).sum()));
  }

  /** The sequence at a rank of a query. */
  public Optional<TopSequence> sequence(String queryId, int rank) {
    return tables
        .select(WHOLE + "query_id = ? AND rank = ?", ResultsStore::sequence, queryId, rank)
        .stream()
        .findFirst();
  }

  /** The tokens of a query's sequences at the given ranks, by rank. */
  public Map<Integer, List<TokenInfluence>> tokens(String queryId, List<Integer> ranks) {
    Map<Integer, List<TokenInfluence>> tokens = new LinkedHashMap<>();
    if (ranks.isEmpty()) {
      return tokens;
    }
    List<Object> arguments = new ArrayList<>();
    arguments.add(queryId);
    arguments.addAll(ranks);
    tables.select(
        "SELECT rank, token, influence FROM tokens WHERE query_id = ? AND rank IN ("
            + marks(ranks.size())
            + ") ORDER BY rank, position",
        row ->
            tokens
                .computeIfAbsent(row.getInt(1), _ -> new ArrayList<>())
                .add(new TokenInfluence(row.getString(2), row.getDouble(3))),
        arguments.toArray());
    return tokens;
  }

  /**
   * The influence on a query through each layer, summed over a range of ranks, in forward order.
   *
   * @param from the first rank that counts
   * @param to the last
   */
  public List<LayerInfluence> layers(String queryId, int from, int to) {
    Map<String, Double> sums = new LinkedHashMap<>();
    folder.manifest().layers().forEach(layer -> sums.put(layer, 0.0));
    tables.select(
        "SELECT layer, sum(influence) FROM layers WHERE query_id = ? AND rank BETWEEN ? AND ?"
            + " GROUP BY layer",
        row -> sums.put(row.getString(1), row.getDouble(2)),
        queryId,
        from,
        to);
    return sums.entrySet().stream().map(e -> new LayerInfluence(e.getKey(), e.getValue())).toList();
  }

  /** The influence through each layer of a query's sequences at the given ranks, by rank. */
  public Map<Integer, List<LayerInfluence>> layers(String queryId, List<Integer> ranks) {
    Map<Integer, Map<String, Double>> byRank = new LinkedHashMap<>();
    if (ranks.isEmpty()) {
      return Map.of();
    }
    List<Object> arguments = new ArrayList<>();
    arguments.add(queryId);
    arguments.addAll(ranks);
    tables.select(
        "SELECT rank, layer, influence FROM layers WHERE query_id = ? AND rank IN ("
            + marks(ranks.size())
            + ")",
        row ->
            byRank
                .computeIfAbsent(row.getInt(1), _ -> new HashMap<>())
                .put(row.getString(2), row.getDouble(3)),
        arguments.toArray());
    Map<Integer, List<LayerInfluence>> layers = new LinkedHashMap<>();
    byRank.forEach((rank, influences) ->
        layers.put(
            rank,
            folder.manifest().layers().stream()
                .map(layer -> new LayerInfluence(layer, influences.getOrDefault(layer, 0.0)))
                .toList()));
    return layers;
  }

  /** Rankings for single tokens of the completions; none unless they were computed. */
  public TokenRankings byToken() {
    return new TokenRankings(folder, tables);
  }

  /** A query that has a sequence among its strongest, and at which rank. */
  public record Influenced(String queryId, int rank, double influence) {}

  /** The queries that a sequence influences most, strongest first. */
  public List<Influenced> influenced(long place) {
    return tables.select(
        "SELECT query_id, rank, influence FROM influences WHERE sequence = ?"
            + " ORDER BY abs(influence) DESC",
        row -> new Influenced(row.getString(1), row.getInt(2), row.getDouble(3)),
        place);
  }

  /**
   * The text, name and place of one of the sequences that the tables have.
   *
   * @param place in the corpus; the first of that name when it is not known, as names may repeat
   */
  public Optional<TopSequence> anySequence(
      String documentId, int sequenceIndex, OptionalLong place) {
    return tables
        .select(
            WHOLE
                + "document_id = ? AND"
                + " sequence_index = ? AND (sequence = ? OR ?) ORDER BY sequence LIMIT 1",
            ResultsStore::sequence,
            documentId,
            sequenceIndex,
            place.orElse(0),
            place.isEmpty())
        .stream()
        .findFirst();
  }

  /** A sequence that a search found, and the query that it influences most. */
  public record Hit(
      String documentId,
      int sequenceIndex,
      String text,
      String queryId,
      int rank,
      double influence) {}

  /** Sequences of the tables whose text or document's name has the words, in any case. */
  public List<Hit> search(String words, int count) {
    String pattern =
        "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%";
    return tables.select(
        "SELECT document_id, sequence_index, any_value(text), arg_max(query_id, abs(influence)),"
            + " arg_max(rank, abs(influence)), arg_max(influence, abs(influence)) AS strongest"
            + " FROM influences WHERE text ILIKE ? ESCAPE '\\' OR document_id ILIKE ? ESCAPE '\\'"
            + " GROUP BY document_id, sequence_index ORDER BY abs(strongest) DESC LIMIT ?",
        row ->
            new Hit(
                row.getString(1),
                row.getInt(2),
                row.getString(3),
                row.getString(4),
                row.getInt(5),
                row.getDouble(6)),
        pattern,
        pattern,
        count);
  }

  /**
   * Writes a query's rows of the influences, by rank.
   *
   * @param format as DuckDB's COPY has it: {@code FORMAT csv, HEADER}
   */
  public void export(String queryId, String format, Path file) {
    tables.copy(
        "SELECT * FROM influences WHERE query_id = ? ORDER BY rank <= 0, abs(rank)",
        format,
        file,
        queryId);
  }

  static TopSequence sequence(ResultSet row) throws SQLException {
    return new TopSequence(
        row.getInt("rank"),
        row.getString("document_id"),
        row.getInt("sequence_index"),
        row.getInt("token_offset"),
        row.getDouble("influence"),
        row.getDouble("counted"),
        row.getBoolean("spiky"),
        row.getString("text"),
        row.getLong("sequence"),
        row.getBoolean("refined"));
  }

  static String marks(int count) {
    return String.join(", ", Collections.nCopies(count, "?"));
  }

  @Override
  public void close() {
    scores.ifPresent(ScoreMatrix::close);
    tables.close();
  }
}
