package dev.whence.search;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Tokenizer;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.FolderKind;
import dev.whence.folder.Manifest;
import dev.whence.folder.Provenance;
import dev.whence.folder.WorkFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopScoreDocCollectorManager;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.store.NoLockFactory;
import org.apache.lucene.util.BytesRef;

/**
 * An index on disk of a corpus's sequences by their terms. One thread at a time may search it;
 * close it after use.
 */
public final class SequenceIndex implements AutoCloseable {
  /** Referenced here, because an unreferenced logger is collected and its level lost. */
  private static final Logger LUCENE = Logger.getLogger("org.apache.lucene");

  static {
    // Otherwise it advises every user to start Java with an incubator module.
    LUCENE.setLevel(Level.SEVERE);
    // A query's terms are as many as its tokens, and Lucene's limit is 1,024 unless told otherwise.
    IndexSearcher.setMaxClauseCount(Integer.MAX_VALUE);
  }

  private final IndexFolder folder;
  private final Terms terms;
  private final FSDirectory directory;
  private final DirectoryReader reader;

  /**
   * A sequence that shares terms with a query.
   *
   * @param place of the sequence in the corpus
   * @param score BM25, above 0
   */
  public record Match(long place, float score) {}

  private SequenceIndex(IndexFolder folder, Terms terms) throws IOException {
    this.folder = folder;
    this.terms = terms;
    this.directory = FSDirectory.open(IndexFolder.segments(folder.path()), NoLockFactory.INSTANCE);
    try {
      this.reader = DirectoryReader.open(directory);
    } catch (IOException | RuntimeException e) {
      directory.close();
      throw e;
    }
  }

  /**
   * Indexes a corpus. A folder that holds this corpus's index already is left as it is.
   *
   * @param tokenizer needed for words; it must be the corpus's
   * @param force replaces an index that was made from something else, or is damaged
   * @throws InvalidInputException if words are wanted without a tokenizer, or {@code out} holds
   *     something else and {@code force} is not given
   * @throws UncheckedIOException if the folder cannot be written
   */
  public static void build(
      Corpus corpus,
      TermKind kind,
      Optional<Tokenizer> tokenizer,
      Path out,
      boolean force,
      Progress progress) {
    if (!WorkFolder.isFree(out) && !force) {
      IndexFolder existing = IndexFolder.open(out);
      if (existing.isOf(corpus) && existing.manifest().terms() == kind) {
        return;
      }
      throw new InvalidInputException(
          out
              + " was made from another corpus or other terms; give --force to replace it, or another --out");
    }
    build(corpus, kind, tokenizer, out, new IndexBuilder(), progress);
  }

  static void build(
      Corpus corpus,
      TermKind kind,
      Optional<Tokenizer> tokenizer,
      Path out,
      IndexBuilder builder,
      Progress progress) {
    Map<String, String> identity =
        Map.of(
            "format",
            "" + IndexManifest.FORMAT,
            "whence",
            Provenance.VERSION,
            "corpus",
            corpus.hash(),
            "terms",
            kind.toString());
    try (Terms terms = Terms.of(kind, tokenizer);
        // An interrupted index is begun again, whatever its corpus: there is nothing to lose.
        WorkFolder work = WorkFolder.open(out, FolderKind.LEXICAL_INDEX, identity, true)) {
      builder.build(corpus, terms, IndexFolder.segments(work.path()), progress);
      Manifest.write(work.path(), IndexFolder.describe(work.path(), corpus, kind));
      work.publish();
    } catch (IOException e) {
      throw AtomicFile.failed("write to", out, e);
    }
  }

  /**
   * Opens an index, after checking that it is whole and this corpus's. All its files are read once
   * for that.
   *
   * @param tokenizer needed if the index is over words
   * @throws InvalidInputException if it is damaged or of another corpus, naming what is at fault
   */
  public static SequenceIndex open(Path path, Corpus corpus, Optional<Tokenizer> tokenizer) {
    IndexFolder folder = IndexFolder.open(path);
    folder.requireOf(corpus);
    Terms terms = Terms.of(folder.manifest().terms(), tokenizer);
    try {
      return new SequenceIndex(folder, terms);
    } catch (IOException | RuntimeException e) {
      terms.close();
      throw folder.unreadable(e);
    }
  }

  /**
   * Opens the corpus's index in a cache folder, making it first unless there is a whole one.
   *
   * @param tokenizer needed for words
   * @throws UncheckedIOException if it cannot be written
   */
  public static SequenceIndex cached(
      Corpus corpus,
      TermKind kind,
      Optional<Tokenizer> tokenizer,
      Path cacheFolder,
      Progress progress) {
    Path place = cacheFolder.resolve("index-" + kind + "-" + corpus.hash());
    if (!WorkFolder.isFree(place)) {
      try {
        return open(place, corpus, tokenizer);
      } catch (InvalidInputException _) {
        // Damaged, or of an older format: a cache is made again.
      }
    }
    build(corpus, kind, tokenizer, place, true, progress);
    return open(place, corpus, tokenizer);
  }

  /**
   * What an index folder holds and was made from, as its manifest says.
   *
   * @throws InvalidInputException if it is no index folder, or its manifest is damaged
   */
  public static IndexManifest manifest(Path path) {
    return IndexFolder.read(path).manifest();
  }

  /** What the index holds and was made from. */
  public IndexManifest manifest() {
    return folder.manifest();
  }

  /**
   * The sequences that match some tokens best, best first, and among equals the earlier first. Only
   * sequences that share a term with the tokens match at all.
   *
   * @param count the most to return, at least 1
   */
  public List<Match> best(int[] tokens, Bm25 bm25, int count) {
    IndexSearcher searcher = new IndexSearcher(reader);
    searcher.setSimilarity(new Bm25Similarity(bm25));
    searcher.setQueryCache(null); // each query is searched for once
    int hits = Math.min(count, reader.maxDoc());
    try {
      return Arrays.stream(
              searcher.search(query(tokens), new TopScoreDocCollectorManager(hits, hits)).scoreDocs)
          .map(hit -> new Match(hit.doc, hit.score))
          .toList();
    } catch (IOException e) {
      throw AtomicFile.unreadable(folder.path(), e);
    }
  }

  /** A disjunction of the terms, each weighted by its number of occurrences. */
  private BooleanQuery query(int[] tokens) throws IOException {
    BooleanQuery.Builder query = new BooleanQuery.Builder();
    for (Map.Entry<BytesRef, Integer> term : terms.counts(tokens).entrySet()) {
      query.add(
          new BoostQuery(new TermQuery(new Term(Terms.FIELD, term.getKey())), term.getValue()),
          BooleanClause.Occur.SHOULD);
    }
    return query.build();
  }

  @Override
  public void close() {
    try (directory;
        reader;
        terms) {
      // Closes all three even if one fails.
    } catch (IOException e) {
      throw AtomicFile.failed("close", folder.path(), e);
    }
  }
}
