package dev.whence.corpus;

import dev.whence.InvalidInputException;
import dev.whence.Progress;
import java.io.IOException;
import java.util.Optional;

/** Reads corpus files of every format. The limits are parameters so that tests can reach them. */
record DocumentReader(CorpusSource source, int maximumLineBytes, int maximumTextBytes) {
  DocumentReader(CorpusSource source) {
    this(source, Lines.MAXIMUM_BYTES, 1 << 30);
  }

  /**
   * Reads a file's documents in order into {@code sink}.
   *
   * @return the SHA-256 of the bytes that were read
   * @throws InvalidInputException if the file as a whole cannot be read
   * @throws IOException if the disk fails or the sink does
   */
  String read(CorpusFile file, DocumentSink sink, Progress.Stage stage) throws IOException {
    if (file.format().content() == FileFormat.Content.PARQUET) {
      new ParquetRows(file, source.textColumn(), source.tokenColumn()).read(sink);
      // DuckDB opens the file itself, so what it read is vouched for by hashing again afterwards.
      return file.hash(stage);
    }
    try (var in = new CorpusStream(file, stage)) {
      switch (file.format().content()) {
        case JSON_LINES -> readJsonLines(file, in, sink);
        case TEXT -> {
          if (source.documentPerLine()) {
            readTextLines(file, in, sink);
          } else {
            readWholeText(file, in, sink);
          }
        }
        case PARQUET -> throw new AssertionError("read above");
      }
      return in.finish();
    }
  }

  private void readJsonLines(CorpusFile file, CorpusStream in, DocumentSink sink)
      throws IOException {
    eachLine(
        file,
        in,
        sink,
        line ->
            JsonDocument.parse(
                line.text(), source.textColumn(), source.tokenColumn(), id(file, line)));
  }

  private void readTextLines(CorpusFile file, CorpusStream in, DocumentSink sink)
      throws IOException {
    eachLine(file, in, sink, line -> new Document.Text(id(file, line), line.text()));
  }

  private void readWholeText(CorpusFile file, CorpusStream in, DocumentSink sink)
      throws IOException {
    byte[] bytes = in.readNBytes(maximumTextBytes);
    if (in.read() >= 0) {
      throw new InvalidInputException(
          ("The corpus file %s is one document of more than %d bytes;"
                  + " pass --document-per-line if its lines are documents, or split it")
              .formatted(file.path(), maximumTextBytes));
    }
    var origin = Origin.whole(file.path());
    try {
      String text = Unicode.withoutByteOrderMark(Unicode.decode(bytes, bytes.length));
      sink.document(new Document.Text(file.name(), text), origin);
    } catch (MalformedDocumentException e) {
      sink.malformed(origin, e.reason());
    }
  }

  private interface LineParser {
    Document parse(Lines.Line.Good line) throws MalformedDocumentException;
  }

  private void eachLine(CorpusFile file, CorpusStream in, DocumentSink sink, LineParser parser)
      throws IOException {
    var lines = new Lines(in, maximumLineBytes);
    for (Optional<Lines.Line> next = lines.next(); next.isPresent(); next = lines.next()) {
      var origin = new Origin(file.path(), next.get().number());
      switch (next.get()) {
        case Lines.Line.Bad bad -> sink.malformed(origin, bad.reason());
        case Lines.Line.Good good when good.text().isBlank() -> {}
        case Lines.Line.Good good -> {
          Document document;
          try {
            document = parser.parse(good);
          } catch (MalformedDocumentException e) {
            sink.malformed(origin, e.reason());
            continue;
          }
          sink.document(document, origin);
        }
      }
    }
  }

  private static String id(CorpusFile file, Lines.Line line) {
    return file.name() + ":" + line.number();
  }
}
