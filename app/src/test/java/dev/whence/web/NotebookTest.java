package dev.whence.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.whence.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * The notebook's cells, run one after the other by the Python on the path, or {@code
 * $WHENCE_PYTHON}. Skipped, and said so, without its libraries.
 */
class NotebookTest {
  private static final String PYTHON =
      Optional.ofNullable(System.getenv("WHENCE_PYTHON")).orElse("python3");

  @TempDir private Path folder;

  private record Ended(int code, String output) {}

  private static Ended python(Path folder, Path script, Path results)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(PYTHON, script.toString())
            .directory(folder.toFile())
            .redirectErrorStream(true);
    builder.environment().put("WHENCE_RESULTS", results.toString());
    builder.environment().put("MPLBACKEND", "agg");
    builder
        .environment()
        .put("PYTHONPATH", Path.of("..", "python", "src").toAbsolutePath().normalize().toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), output);
  }

  private boolean hasLibraries() throws InterruptedException {
    try {
      Path script = folder.resolve("libraries.py");
      Files.writeString(script, "import IPython, matplotlib, numpy, pandas, pyarrow, whence\n");
      return python(folder, script, folder).code == 0;
    } catch (IOException _) {
      return false; // there is no Python
    }
  }

  @Test
  void theNotebookRunsOnRealResults() throws Exception {
    assumeTrue(hasLibraries(), "no Python with IPython, pandas, pyarrow and matplotlib: skipped");
    SmallDictionary dictionary = SmallDictionary.shared();
    JsonNode notebook =
        Json.MAPPER.readTree(Files.readAllBytes(Path.of("..", "examples", "influence.ipynb")));
    List<String> cells =
        StreamSupport.stream(notebook.path("cells").spliterator(), false)
            .filter(cell -> cell.path("cell_type").asString("").equals("code"))
            .map(NotebookTest::source)
            .toList();
    Path script = folder.resolve("notebook.py");
    Files.writeString(script, String.join("\n", cells) + "\nprint('ran to the end')\n");
    Ended ended = python(folder, script, dictionary.results("ekfac"));
    assertThat(ended.output)
        .contains("nats of log p", "ran to the end")
        .doesNotContain("attribute again");
    assertThat(ended.code).as(ended.output).isZero();
  }

  private static String source(JsonNode cell) {
    StringBuilder source = new StringBuilder();
    cell.path("source").forEach(line -> source.append(line.asString()));
    return source.toString();
  }
}
