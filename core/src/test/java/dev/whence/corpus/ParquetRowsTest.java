package dev.whence.corpus;

import static dev.whence.corpus.Fixtures.read;
import static dev.whence.corpus.Fixtures.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.whence.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParquetRowsTest {
  @TempDir Path folder;

  @Test
  void textAndIdsAreReadInOrder() throws Exception {
    Path file = parquet("c.parquet", "SELECT i AS id, 'text ' || i AS text FROM range(5000) t(i)");
    var texts = read(CorpusSource.of(file)).texts();
    assertThat(texts).hasSize(5000).startsWith("0=text 0", "1=text 1").endsWith("4999=text 4999");
  }

  @Test
  void rowsWithoutIdsAreNamedAfterTheFile() throws Exception {
    Path file = parquet("c.parquet", "SELECT * FROM (VALUES ('é😀'), (NULL), ('b')) t(text)");
    var recorder = read(CorpusSource.of(file));
    assertThat(recorder.texts()).containsExactly("c.parquet:1=é😀", "c.parquet:3=b");
    assertThat(recorder.malformed).containsExactly("c.parquet:2: \"text\" is null");
  }

  @Test
  void tokensAreRead() throws Exception {
    Path file =
        parquet(
            "c.parquet",
            "SELECT * FROM (VALUES ([1, 2, 3]), ([]), ([4, NULL]), (NULL), ([5000000000]))"
                + " t(tokens)");
    var recorder = read(CorpusSource.of(file));
    assertThat(recorder.documents)
        .map(d -> Arrays.toString(((Document.Tokens) d).tokens()))
        .containsExactly("[1, 2, 3]", "[]");
    assertThat(recorder.malformed).hasSize(3);
  }

  /** DuckDB takes names that differ by case alone for one. */
  @Test
  void namesAreTakenExactly() throws Exception {
    Path file =
        parquet(
            "c.parquet",
            "SELECT 'x' AS \"ID\", {'text': 'nested'} AS meta, 'wrong' AS \"Text\", 'a' AS \"z\"");
    assertThatThrownBy(() -> read(CorpusSource.of(file)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("only [ID, meta, Text, z]");
    assertThat(read(CorpusSource.of(file).withTextColumn("Text")).texts())
        .as("ID is not id")
        .containsExactly("c.parquet:1=wrong");
  }

  @Test
  void textThatIsStoredAsBytesIsText() throws Exception {
    Path file =
        parquet(
            "c.parquet", "SELECT * FROM (VALUES (encode('é😀')), ('\\xFF'::BLOB), (NULL)) t(text)");
    var recorder = read(CorpusSource.of(file));
    assertThat(recorder.texts()).containsExactly("c.parquet:1=é😀");
    assertThat(recorder.malformed)
        .containsExactly("c.parquet:2: it is not valid UTF-8", "c.parquet:3: \"text\" is null");
  }

  @Test
  void idsAreTextOrIntegersHoweverTheyAreStored() throws Exception {
    Path bytes = parquet("b.parquet", "SELECT encode('é') AS id, 'a' AS text");
    assertThat(read(CorpusSource.of(bytes)).texts()).containsExactly("é=a");
    Path digests =
        parquet(
            "d.parquet", "SELECT * FROM (VALUES ('\\xFF'::BLOB, 'a'), (NULL, 'b')) t(id, text)");
    var recorder = read(CorpusSource.of(digests));
    assertThat(recorder.malformed).containsExactly("d.parquet:1: it is not valid UTF-8");
    assertThat(recorder.texts()).containsExactly("d.parquet:2=b");
    Path numbers = parquet("f.parquet", "SELECT 1.5::DOUBLE AS id, 'a' AS text");
    assertThat(read(CorpusSource.of(numbers)).texts()).containsExactly("1.5=a");
    for (String id : List.of("[1, 2]", "true", "{'a': 1}")) {
      Path file = parquet("i.parquet", "SELECT " + id + " AS id, 'a' AS text");
      assertThatThrownBy(() -> read(CorpusSource.of(file)))
          .as(id)
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("The column \"id\" of " + file);
    }
  }

  @Test
  void textBesideTokensIsAQuestionThatTheUserAnswers() throws Exception {
    Path both = parquet("c.parquet", "SELECT 'a' AS text, [1, 2] AS tokens");
    assertThatThrownBy(() -> read(CorpusSource.of(both)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("has both the columns \"text\" and \"tokens\"");
    assertThat(read(CorpusSource.of(both).withTokenColumn("none")).texts())
        .containsExactly("c.parquet:1=a");
    Path count = parquet("n.parquet", "SELECT 'a' AS text, 2 AS tokens");
    assertThat(read(CorpusSource.of(count)).texts()).containsExactly("n.parquet:1=a");
  }

  @Test
  void listsOfListsAreNoTokensAndAnyColumnMayHoldThem() throws Exception {
    Path nested = parquet("n.parquet", "SELECT [[1, 2]] AS tokens");
    assertThatThrownBy(() -> read(CorpusSource.of(nested)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(
            "INTEGER[][], not lists of integers; name another with --token-column");
    Path file = parquet("t.parquet", "SELECT [3, 4] AS input_ids");
    var recorder = read(CorpusSource.of(file).withTokenColumn("input_ids"));
    assertThat(((Document.Tokens) recorder.documents.getFirst()).tokens()).containsExactly(3, 4);
  }

  @Test
  void otherColumnHoldsTheTextWhenChosen() throws Exception {
    Path file = parquet("c.parquet", "SELECT 'a' AS \"the \"\"text\", 1 AS text");
    assertThat(read(CorpusSource.of(file).withTextColumn("the \"text")).texts())
        .containsExactly("c.parquet:1=a");
  }

  @Test
  void missingColumnIsToldWhatThereIs() throws Exception {
    Path file = parquet("c.parquet", "SELECT 'a' AS content, 'b' AS url");
    assertThatThrownBy(() -> read(CorpusSource.of(file)))
        .isInstanceOf(InvalidInputException.class)
        .message()
        .contains(file.toString(), "content", "url", "--text-column");
  }

  @Test
  void columnOfAnotherTypeIsRefused() throws Exception {
    Path numbers = parquet("n.parquet", "SELECT 1 AS text");
    Path strings = parquet("s.parquet", "SELECT ['1'] AS tokens");
    assertThatThrownBy(() -> read(CorpusSource.of(numbers)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("INTEGER");
    assertThatThrownBy(() -> read(CorpusSource.of(strings)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("VARCHAR[]");
  }

  @Test
  void quotesAndWildcardsInThePathAreOnlyNames() throws Exception {
    Path plain = parquet("plain.parquet", "SELECT 'a' AS text");
    parquet("a1.parquet", "SELECT 'wrong' AS text");
    for (String name :
        new String[] {
          "'); DROP TABLE x; --.parquet",
          "a[1].parquet",
          "a*.parquet",
          "a?.parquet",
          "k=v/{a,b}.parquet"
        }) {
      Path file = folder.resolve("odd").resolve(name);
      Files.createDirectories(file.getParent());
      Files.copy(plain, file);
      assertThat(read(CorpusSource.of(file)).documents)
          .as(name)
          .containsExactly(new Document.Text(FileFormat.nameOf(file) + ":1", "a"));
    }
  }

  @Test
  void damagedFileIsNamed() throws Exception {
    Path whole = parquet("c.parquet", "SELECT 'text ' || i AS text FROM range(5000) t(i)");
    byte[] bytes = Files.readAllBytes(whole);
    for (byte[] damaged : new byte[][] {{}, {1, 2, 3}, Arrays.copyOf(bytes, bytes.length / 2)}) {
      Path file = write(folder.resolve("d.parquet"), damaged);
      assertThatThrownBy(() -> read(CorpusSource.of(file)))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining(file.toString());
    }
  }

  private Path parquet(String name, String select) throws SQLException, IOException {
    Path file = folder.resolve(name);
    try (var duckdb = DriverManager.getConnection("jdbc:duckdb:");
        var statement = duckdb.createStatement()) {
      statement.execute("COPY (" + select + ") TO '" + file + "' (FORMAT parquet)");
    }
    return file;
  }
}
