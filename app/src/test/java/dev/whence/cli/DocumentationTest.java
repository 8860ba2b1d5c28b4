package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs what docs/TUTORIAL.md tells the reader to type, and compares examples with their tests. */
class DocumentationTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern FILE =
      Pattern.compile("`?([\\w.-]+\\.jsonl)`?:\\s*```jsonl\\n(.*?)```", Pattern.DOTALL);
  private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|\\S+");
  private static final Pattern BLOCK = Pattern.compile("```(sh|text)\\n(.*?)```", Pattern.DOTALL);

  @TempDir private Path folder;

  /** The commands work, and what the tutorial shows below them is what they print. */
  @Test
  void theTutorialIsWhatHappens() throws IOException {
    String tutorial = Files.readString(ROOT.resolve("docs/TUTORIAL.md"));
    Matcher file = FILE.matcher(tutorial);
    int files = 0;
    for (; file.find(); files++) {
      Files.writeString(folder.resolve(file.group(1)), file.group(2));
    }
    assertThat(files).as("files in the tutorial").isGreaterThanOrEqualTo(2);
    Matcher block = BLOCK.matcher(tutorial);
    int compared = 0;
    Optional<String> printed = Optional.empty(); // by the command above
    while (block.find()) {
      String text = block.group(2).replace("\\\n", " ").replace("/home/you/whence/", "");
      if (block.group(1).equals("sh")) {
        for (String line : text.lines().filter(l -> l.startsWith("whence ")).toList()) {
          Outcome outcome = Outcome.of(arguments(line));
          assertThat(outcome.code()).as("%s%n%s%n%s", line, outcome.out(), outcome.err()).isZero();
          printed = Optional.of(outcome.out());
        }
      } else if (text.startsWith("$ whence ")) {
        String command = text.lines().findFirst().orElseThrow();
        Outcome outcome = Outcome.of(arguments(command.substring(2)));
        assertThat(outcome.code()).as(command).isEqualTo(2);
        String mistake = outcome.err().lines().toList().getLast(); // below progress
        ShownOutput.assertAlike(here(mistake), text.substring(command.length() + 1));
        printed = Optional.empty();
        compared++;
      } else if (printed.isPresent()) {
        ShownOutput.assertAlike(here(printed.get()), text);
        printed = Optional.empty();
        compared++;
      }
    }
    assertThat(compared).as("outputs in the tutorial").isEqualTo(8);
  }

  /** Without the folders that are another reader's. */
  private String here(String output) {
    return output.replace(folder + "/", "").replace(ROOT + "/", "");
  }

  /** Paths are moved into this test's folder; the model stays where it is. */
  private String[] arguments(String command) {
    List<String> arguments = new ArrayList<>();
    Matcher words = WORD.matcher(command);
    while (words.find()) {
      String word = words.group(1) == null ? words.group() : words.group(1);
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
