package dev.whence.search;

import dev.whence.InvalidInputException;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.CorpusSummary;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.FolderKind;
import dev.whence.folder.Hashes;
import dev.whence.folder.Provenance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.lucene.util.Version;

/** The files of an index: its manifest, and Lucene's in a folder beside it. */
record IndexFolder(Path path, IndexManifest manifest) {
  private static final String SEGMENTS = "segments";
  private static final String REMEDY = "make the index again with 'whence search index --force'";

  /** The folder of Lucene's files. */
  static Path segments(Path folder) {
    return folder.resolve(SEGMENTS);
  }

  /** Describes what Lucene has written into a folder. */
  static IndexManifest describe(Path folder, Corpus corpus, TermKind terms) {
    return new IndexManifest(
        FolderKind.LEXICAL_INDEX.id(),
        IndexManifest.FORMAT,
        Provenance.VERSION,
        Version.LATEST.toString(),
        Instant.now().toString(),
        CorpusSummary.of(corpus),
        terms,
        files(segments(folder)));
  }

  private static List<IndexManifest.IndexFile> files(Path segments) {
    List<IndexManifest.IndexFile> entries = new ArrayList<>();
    try (Stream<Path> files = Files.list(segments)) {
      for (Path file : files.sorted().toList()) {
        entries.add(
            new IndexManifest.IndexFile(
                file.getFileName().toString(), Files.size(file), Hashes.ofFiles(List.of(file))));
      }
      return entries;
    } catch (IOException e) {
      throw AtomicFile.unreadable(segments, e);
    }
  }

  /**
   * Reads an index folder's manifest, and checks that its files are as it says.
   *
   * @throws InvalidInputException naming what is missing, of another format or damaged
   */
  static IndexFolder open(Path folder) {
    IndexFolder index = read(folder);
    index.manifest.files().forEach(index::check);
    return index;
  }

  /**
   * Reads an index folder's manifest alone.
   *
   * @throws InvalidInputException if there is none, or it is damaged or of another format
   */
  static IndexFolder read(Path folder) {
    return new IndexFolder(
        folder, FolderKind.LEXICAL_INDEX.read(folder, IndexManifest.FORMAT, IndexManifest.class));
  }

  private void check(IndexManifest.IndexFile expected) {
    Path file = segments(path).resolve(expected.name());
    try {
      // The size first: it tells most damage without reading the file.
      if (!Files.isRegularFile(file)
          || Files.size(file) != expected.bytes()
          || !Hashes.ofFiles(List.of(file)).equals(expected.sha256())) {
        throw new InvalidInputException(
            file + " is missing or was changed since it was written; " + REMEDY);
      }
    } catch (IOException e) {
      throw AtomicFile.unreadable(file, e);
    }
  }

  /** Whether this is the index of these sequences. */
  boolean isOf(Corpus corpus) {
    return manifest.corpus().hash().equals(corpus.hash());
  }

  /**
   * Refuses an index of other sequences.
   *
   * @throws InvalidInputException if the corpus, its cut or its tokenizer is not the index's
   */
  void requireOf(Corpus corpus) {
    if (!isOf(corpus)) {
      throw new InvalidInputException(
          path
              + " was made from another corpus, tokenizer or sequence length (%d there, %d here); "
                  .formatted(manifest.corpus().sequenceLength(), corpus.sequenceLength())
              + REMEDY);
    }
  }

  /** The error for an index that Lucene cannot read although its files are undamaged. */
  InvalidInputException unreadable(Exception e) {
    return new InvalidInputException(
        segments(path) + " cannot be read by this version of Whence; " + REMEDY, e);
  }
}
