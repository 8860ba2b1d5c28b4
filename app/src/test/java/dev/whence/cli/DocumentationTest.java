package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs what docs/TUTORIAL.md tells the reader to type, and compares examples with their tests. */
class DocumentationTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern FILE =
      Pattern.compile("`?([\\w.-]+\\.jsonl)`?:\\s*```jsonl\\n(.*?)```", Pattern.DOTALL);
  private static final Pattern COMMANDS = Pattern.compile("```sh\\n(.*?)```", Pattern.DOTALL);

  @TempDir private Path folder;

  @Test
  void everyCommandOfTheTutorialWorks() throws IOException {
    String tutorial = Files.readString(ROOT.resolve("docs/TUTORIAL.md"));
    Matcher file = FILE.matcher(tutorial);
    int files = 0;
    for (; file.find(); files++) {
      Files.writeString(folder.resolve(file.group(1)), file.group(2));
    }
    assertThat(files).as("files in the tutorial").isGreaterThanOrEqualTo(2);
    List<String> commands = commands(tutorial);
    assertThat(commands).hasSizeGreaterThan(5);
    for (String command : commands) {
      Outcome outcome = Outcome.of(arguments(command));
      assertThat(outcome.code()).as("%s%n%s%n%s", command, outcome.out(), outcome.err()).isZero();
    }
  }

  private static List<String> commands(String tutorial) {
    List<String> commands = new ArrayList<>();
    Matcher block = COMMANDS.matcher(tutorial);
    while (block.find()) {
      for (String line : block.group(1).replace("\\\n", " ").lines().toList()) {
        if (line.startsWith("whence ")) {
          commands.add(line);
        }
      }
    }
    return commands;
  }

  /** Paths are moved into this test's folder; the model stays where it is. */
  private String[] arguments(String command) {
    List<String> arguments = new ArrayList<>();
    for (String word : command.strip().split("\\s+")) {
      if (word.startsWith("models/")) {
        arguments.add(ROOT.resolve(word).toString());
      } else if (looksLikeAPath(word)) {
        arguments.add(folder.resolve(word).toString());
      } else {
        arguments.add(word);
      }
    }
    return arguments.subList(1, arguments.size()).toArray(String[]::new);
  }

  private static boolean looksLikeAPath(String word) {
    return word.matches(".*\\.(jsonl|html)") || word.matches("(run|results|everything)[\\w/-]*");
  }

  @Test
  void theJavaExamplesAreThoseThatAreTested() throws IOException {
    String source =
        Files.readString(ROOT.resolve("core/src/test/java/dev/whence/LibraryExample.java"));
    String page = Files.readString(ROOT.resolve("docs/LIBRARY.md"));
    Matcher example =
        Pattern.compile("// begin \\w+\\n(.*?)\\n *// end", Pattern.DOTALL).matcher(source);
    int examples = 0;
    for (; example.find(); examples++) {
      assertThat(page).contains(example.group(1).stripTrailing().stripIndent());
    }
    assertThat(examples).isEqualTo(2);
  }
}
