package dev.whence.search;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.FieldType;
import org.apache.lucene.index.IndexOptions;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LogDocMergePolicy;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.store.NoLockFactory;

/**
 * Writes a corpus's sequences as Lucene's documents, one segment in the end. A document's number is
 * the sequence's place: one thread adds them in order, and only neighbouring segments are merged.
 */
final class IndexBuilder {
  private static final FieldType TERMS = terms();

  private final IndexWriterConfig config =
      new IndexWriterConfig()
          .setOpenMode(IndexWriterConfig.OpenMode.CREATE)
          .setSimilarity(new Bm25Similarity(Bm25.MODIFIED)) // each stores the same norms
          .setMergePolicy(new LogDocMergePolicy())
          .setMergeScheduler(new SerialMergeScheduler())
          .setUseCompoundFile(false);

  private static FieldType terms() {
    FieldType type = new FieldType();
    type.setTokenized(true);
    type.setIndexOptions(IndexOptions.DOCS_AND_FREQS);
    type.freeze();
    return type;
  }

  IndexBuilder() {}

  /** A builder that flushes a segment after every few sequences, so that there are merges. */
  IndexBuilder(int bufferedSequences) {
    config.setMaxBufferedDocs(bufferedSequences);
    config.setRAMBufferSizeMB(IndexWriterConfig.DISABLE_AUTO_FLUSH);
  }

  /**
   * Writes the index into a folder of its own.
   *
   * @throws InvalidInputException if the corpus has more sequences than Lucene has numbers
   */
  void build(Corpus corpus, Terms terms, Path folder, Progress progress) throws IOException {
    if (corpus.size() > IndexWriter.MAX_DOCS) {
      throw new InvalidInputException(
          "the corpus has %,d sequences, but an index holds at most %,d; use longer sequences"
              .formatted(corpus.size(), (long) IndexWriter.MAX_DOCS));
    }
    // No lock: the folder is inside one that this process has locked.
    try (FSDirectory directory = FSDirectory.open(folder, NoLockFactory.INSTANCE);
        IndexWriter writer = new IndexWriter(directory, config)) {
      try (Progress.Stage stage = progress.begin("indexing", corpus.size(), "sequences")) {
        for (long place = 0; place < corpus.size(); place++) {
          add(writer, terms, corpus.sequence(place).tokens());
          stage.advance(1);
        }
      }
      writer.forceMerge(1);
      writer.commit();
    }
  }

  private static void add(IndexWriter writer, Terms terms, int[] tokens) throws IOException {
    try (TokenStream stream = terms.stream(tokens)) {
      Document document = new Document();
      document.add(new Field(Terms.FIELD, stream, TERMS));
      writer.addDocument(document);
    }
  }
}
