package dev.whence.testing;

import dev.whence.Json;
import dev.whence.folder.Folders;
import dev.whence.tensor.SafetensorsFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * A golden folder: a tiny model, a corpus, queries, and every number computed directly in float64.
 */
public record Oracle(String name, Path folder) {
  /** The golden folders' names. */
  public static Stream<String> names() {
    return Stream.of("gpt2", "gpt_neox", "llama", "llama+attention", "qwen2", "qwen3", "olmo2");
  }

  /** Where this module's golden folders are, as files. */
  public static Path resources() {
    return Objects.requireNonNull(of("gpt2").folder.getParent());
  }

  /** The folder of this name among the test resources. */
  public static Oracle of(String name) {
    try {
      var url =
          Objects.requireNonNull(Oracle.class.getResource("/oracles/" + name + "/corpus.jsonl"));
      if (url.getProtocol().equals("jar")) {
        return new Oracle(name, unpack(name, url.toString()));
      }
      return new Oracle(name, Objects.requireNonNull(Path.of(url.toURI()).getParent()));
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The other modules find the resources in this module's test jar. */
  private static Path unpack(String name, String url) {
    try (var jar =
        FileSystems.newFileSystem(Path.of(url.substring("jar:file:".length(), url.indexOf('!'))))) {
      Path target = Files.createTempDirectory("oracle");
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(() -> {
                try {
                  Folders.delete(target);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              }));
      Path source = jar.getPath("/oracles/" + name);
      try (Stream<Path> files = Files.walk(source)) {
        for (Path file : files.toList()) {
          Path copy = target.resolve(source.relativize(file).toString());
          if (Files.isDirectory(file)) {
            Files.createDirectories(copy);
          } else {
            Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
          }
        }
      }
      return target;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Path model() {
    return folder.resolve("model");
  }

  public Path corpus() {
    return folder.resolve("corpus.jsonl");
  }

  public Path queries() {
    return folder.resolve("queries.jsonl");
  }

  /** Which {@code --layers} it was made with. */
  public String layers() {
    return name.endsWith("+attention") ? "linear" : "mlp";
  }

  public SafetensorsFile expected() {
    return SafetensorsFile.open(folder.resolve("expected.safetensors"));
  }

  /** The corpus's token ids, one array a sequence. */
  public List<int[]> sequences() {
    List<int[]> sequences = new ArrayList<>();
    for (JsonNode line : lines(corpus())) {
      sequences.add(ints(line.path("tokens")));
    }
    return sequences;
  }

  public static List<JsonNode> lines(Path file) {
    try {
      return Files.readAllLines(file).stream().map(Json.MAPPER::readTree).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }
}
