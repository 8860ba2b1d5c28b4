package dev.whence.corpus;

import com.github.luben.zstd.Zstd;
import dev.whence.Progress;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPOutputStream;

/** Files and readings that the tests of this package share. */
final class Fixtures {
  static final Path TOKENIZER = resource("/tokenizer/tokenizer.json");
  static final Path UNIGRAM = resource("/tokenizer/unigram.json");

  private Fixtures() {}

  private static Path resource(String name) {
    try {
      return Path.of(Objects.requireNonNull(Fixtures.class.getResource(name), name).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(name, e);
    }
  }

  static Path write(Path file, String text) throws IOException {
    return write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  static Path write(Path file, byte[] bytes) throws IOException {
    Files.createDirectories(Objects.requireNonNull(file.getParent()));
    return Files.write(file, bytes);
  }

  static byte[] gzip(String text) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(bytes)) {
      gzip.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  static byte[] zstandard(String text) {
    return Zstd.compress(text.getBytes(StandardCharsets.UTF_8));
  }

  /** What a reader handed over. */
  static final class Recorder implements DocumentSink {
    final List<Document> documents = new ArrayList<>();
    final List<String> malformed = new ArrayList<>();

    @Override
    public void document(Document document, Origin origin) {
      documents.add(document);
    }

    @Override
    public void malformed(Origin origin, String reason) {
      malformed.add(FileFormat.nameOf(origin.file()) + ":" + origin.line() + ": " + reason);
    }

    List<String> texts() {
      return documents.stream()
          .map(d -> d instanceof Document.Text(String id, String text) ? id + "=" + text : d.id())
          .toList();
    }
  }

  static Recorder read(CorpusSource source) throws IOException {
    return read(new DocumentReader(source));
  }

  static Recorder read(DocumentReader reader) throws IOException {
    var recorder = new Recorder();
    for (CorpusFile file : CorpusFile.in(reader.source())) {
      String hash = reader.read(file, recorder, _ -> {});
      if (!hash.equals(file.hash(_ -> {}))) {
        throw new AssertionError("the hash of what was read is not the file's: " + file.path());
      }
    }
    return recorder;
  }

  static Corpus open(CorpusSource source, Tokenization tokenization, Path cache) {
    return Corpus.open(source, tokenization, cache, Progress.NONE);
  }
}
