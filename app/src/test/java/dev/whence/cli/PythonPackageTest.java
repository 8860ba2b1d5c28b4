package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The tests of the Python package, with {@code $WHENCE_PYTHON} or {@code python3} and this build of
 * the program. Skipped, and said so, without its libraries.
 */
class PythonPackageTest {
  private static final String PYTHON =
      Optional.ofNullable(System.getenv("WHENCE_PYTHON")).orElse("python3");

  @TempDir private Path folder;

  private record Ended(int code, String output) {}

  private static Ended python(Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(PYTHON));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), output);
  }

  private static boolean hasLibraries() throws InterruptedException {
    try {
      return python(Map.of(), "-c", "import numpy, pandas, pyarrow, pytest").code == 0;
    } catch (IOException _) {
      return false; // there is no Python
    }
  }

  @Test
  void itsOwnTestsPassWithThisProgram() throws Exception {
    assumeTrue(hasLibraries(), "no Python with numpy, pandas, pyarrow and pytest: skipped");
    Path launcher =
        Files.writeString(
            folder.resolve("whence"),
            """
            #!/bin/sh
            exec '%s' --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -cp '%s' dev.whence.cli.Whence "$@"
            """
                .formatted(
                    Path.of(System.getProperty("java.home"), "bin", "java"),
                    System.getProperty("java.class.path")));
    Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path own = Path.of("..", "python").toAbsolutePath().normalize();
    Ended ended =
        python(
            Map.of(
                "WHENCE",
                launcher.toString(),
                "PYTHONPATH",
                own.resolve("src").toString(),
                "PYTHONDONTWRITEBYTECODE",
                "1"),
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            own.resolve("tests").toString());
    assertThat(ended.code).as(ended.output).isZero();
    assertThat(ended.output).contains(" passed");
  }
}
