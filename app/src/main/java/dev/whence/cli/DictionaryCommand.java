package dev.whence.cli;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.folder.AtomicFile;
import dev.whence.lab.dictionary.WordNet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes the quickstart's corpus. */
@Command(
    name = "dictionary",
    description = "Write WordNet 3.1 as a corpus: one document for each of its 117,791 glosses.",
    footer = {"", "Example: whence dictionary dictionary.jsonl"},
    mixinStandardHelpOptions = true)
public final class DictionaryCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", description = "The JSONL file to write.")
  private Path file = Path.of("dictionary.jsonl");

  @Option(
      names = "--entries",
      paramLabel = "N",
      defaultValue = "117791",
      description = "So many, spread over the dictionary (default: all).")
  private int entries;

  @Override
  public Integer call() throws IOException {
    if (entries < 1 || entries > WordNet.SYNSETS) {
      throw new InvalidInputException(
          "--entries is " + entries + " but must be from 1 to " + WordNet.SYNSETS);
    }
    write(file, entries);
    System.out.println("wrote " + entries + " documents to " + file);
    return 0;
  }

  /** Writes {@code count} synsets, spread over the dictionary, as lines {@code {"id", "text"}}. */
  public static void write(Path file, int count) throws IOException {
    StringBuilder lines = new StringBuilder();
    AtomicLong seen = new AtomicLong();
    WordNet.forEach(synset -> {
      long n = seen.getAndIncrement();
      // The n-th is taken where n * count / SYNSETS steps up: count times, evenly.
      if ((n + 1) * count / WordNet.SYNSETS == n * count / WordNet.SYNSETS) {
        return;
      }
      var line = Json.MAPPER.createObjectNode();
      line.put("id", synset.id());
      line.put("text", synset.text());
      lines.append(line).append('\n');
    });
    AtomicFile.write(
        file,
        channel ->
            AtomicFile.writeFully(
                channel, ByteBuffer.wrap(lines.toString().getBytes(StandardCharsets.UTF_8))));
  }
}
