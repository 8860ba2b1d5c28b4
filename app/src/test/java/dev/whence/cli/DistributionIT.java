package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.testing.Oracle;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged program, started by its launcher where there is no Maven. */
class DistributionIT {
  private static final Path HOME = Path.of("target", "whence").toAbsolutePath();

  @TempDir private Path folder;

  @Test
  void theLauncherFindsJavaAndRuns() throws Exception {
    assertThat(run(0, "--version")).startsWith("whence ");
    assertThat(run(0, "inspect", Oracle.of("llama").model().toString())).contains("llama");
    assertThat(run(2, "inspect", "nowhere")).contains("nowhere");
  }

  @Test
  void theLauncherWorksThroughALinkAndWithAnOldJavaHome() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("whence"), HOME.resolve("bin/whence"));
    ProcessBuilder builder = new ProcessBuilder(link.toString(), "--version");
    builder.environment().put("JAVA_HOME", "/nowhere");
    assertThat(output(builder, 0)).startsWith("whence ");
  }

  @Test
  void whatItNeedsIsInTheFolder() {
    assertThat(HOME.resolve("LICENSE")).exists();
    assertThat(HOME.resolve("README.md")).exists();
    assertThat(HOME.resolve("models/dictionary/model.safetensors")).exists();
  }

  private String run(int code, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(HOME.resolve("bin/whence").toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("PATH", "/usr/bin:/bin");
    return output(builder, code);
  }

  private String output(ProcessBuilder builder, int code) throws IOException, InterruptedException {
    Path log = folder.resolve("log");
    Process process =
        builder
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    String output = Files.readString(log, StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as(output).isEqualTo(code);
    return output;
  }
}
