package dev.whence.corpus;

import static dev.whence.corpus.Fixtures.gzip;
import static dev.whence.corpus.Fixtures.read;
import static dev.whence.corpus.Fixtures.write;
import static dev.whence.corpus.Fixtures.zstandard;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DocumentReaderTest {
  private static final String JSON_LINES =
      """
      {"id": "a", "text": "one"}

      {"text": "two"}
      """;

  @TempDir Path folder;

  @Test
  void blankLinesAreSkippedAndStillCounted() throws IOException {
    Path file = write(folder.resolve("c.jsonl"), JSON_LINES);
    assertThat(read(CorpusSource.of(file)).texts()).containsExactly("a=one", "c.jsonl:3=two");
  }

  @Test
  void compressedFilesReadAsTheirContents() throws IOException {
    write(folder.resolve("1.jsonl.gz"), gzip(JSON_LINES));
    write(folder.resolve("2.json.zst"), zstandard(JSON_LINES));
    write(folder.resolve("3.txt.gz"), gzip("three"));
    write(folder.resolve("4.txt.zst"), zstandard("four"));
    assertThat(read(CorpusSource.of(folder)).texts())
        .containsExactly(
            "a=one",
            "1.jsonl.gz:3=two",
            "a=one",
            "2.json.zst:3=two",
            "3.txt.gz=three",
            "4.txt.zst=four");
  }

  @Test
  void filesCompressedInPartsAreReadToTheirEnd() throws IOException {
    byte[] one = gzip("{\"text\": \"one\"}\n");
    byte[] two = gzip("{\"text\": \"two\"}\n");
    byte[] both = Arrays.copyOf(one, one.length + two.length);
    System.arraycopy(two, 0, both, one.length, two.length);
    Path file = write(folder.resolve("c.jsonl.gz"), both);
    assertThat(read(CorpusSource.of(file)).texts())
        .containsExactly("c.jsonl.gz:1=one", "c.jsonl.gz:2=two");
  }

  @Test
  void damagedCompressedFilesAreNamed() throws IOException {
    String text = "{\"text\": \"one two three four five six seven\"}\n".repeat(500);
    for (String name : new String[] {"c.jsonl.gz", "c.jsonl.zst"}) {
      byte[] whole = name.endsWith("gz") ? gzip(text) : zstandard(text);
      byte[] cut = Arrays.copyOf(whole, whole.length / 2);
      byte[] altered = whole.clone();
      for (int i = whole.length / 2; i < whole.length; i++) {
        altered[i] ^= (byte) 0x5A;
      }
      for (byte[] bytes :
          new byte[][] {cut, altered, {}, {'{', '}', 1, 2, 3, 4, 5, 6, 7, 8, 9, 0}}) {
        Path file = write(folder.resolve(name), bytes);
        if (bytes.length == 0 && name.endsWith("zst")) {
          continue; // no frames at all is a valid file without contents
        }
        assertThatThrownBy(() -> read(CorpusSource.of(file)))
            .as("%s of %d bytes", name, bytes.length)
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining(file.toString())
            .hasMessageContaining("damaged or cut short");
      }
    }
  }

  @Test
  void textFileIsOneDocumentOrOneALine() throws IOException {
    Path file = write(folder.resolve("c.txt"), "\uFEFFone\ntwo\0\n\n  \nthree");
    assertThat(read(CorpusSource.of(file)).texts())
        .containsExactly("c.txt=one\ntwo\0\n\n  \nthree");
    assertThat(read(CorpusSource.of(file).withDocumentPerLine()).texts())
        .containsExactly("c.txt:1=one", "c.txt:2=two\0", "c.txt:5=three");
  }

  @Test
  void tooLargeTextFileIsToldTheRemedy() throws IOException {
    Path file = write(folder.resolve("c.txt"), "123456");
    assertThat(read(new DocumentReader(CorpusSource.of(file), 10, 6)).texts())
        .containsExactly("c.txt=123456");
    assertThatThrownBy(() -> read(new DocumentReader(CorpusSource.of(file), 10, 5)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("--document-per-line")
        .hasMessageContaining(file.toString());
  }

  @Test
  void malformedLinesAreNamedAndTheOthersRead() throws IOException {
    Path lines =
        write(
            folder.resolve("a.jsonl"),
            "{\"text\": \"one\"}\nnonsense\n{\"text\": \""
                + "x".repeat(100)
                + "\"}\n{\"text\": \"two\"}\n");
    Path text = write(folder.resolve("b.txt"), new byte[] {'a', (byte) 0xFF});
    var recorder = read(new DocumentReader(CorpusSource.of(lines, text), 50, 50));
    assertThat(recorder.texts()).containsExactly("a.jsonl:1=one", "a.jsonl:4=two");
    assertThat(recorder.malformed)
        .satisfiesExactly(
            first -> assertThat(first).startsWith("a.jsonl:2: it is not JSON"),
            second -> assertThat(second).isEqualTo("a.jsonl:3: it is longer than 50 bytes"),
            third -> assertThat(third).isEqualTo("b.txt:0: it is not valid UTF-8"));
  }
}
