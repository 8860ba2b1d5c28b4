package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What can be said of the Dockerfile without Docker. */
class DockerfileTest {
  private static final Path ROOT = Path.of("..");
  private static final Set<String> INSTRUCTIONS =
      Set.of("ARG", "FROM", "WORKDIR", "COPY", "RUN", "ENV", "VOLUME", "USER", "ENTRYPOINT");

  private static List<String> instructions() throws IOException {
    return Files.readAllLines(ROOT.resolve("Dockerfile")).stream()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .toList();
  }

  @Test
  void everyLineIsAnInstruction() throws IOException {
    assertThat(instructions()).allMatch(line -> INSTRUCTIONS.contains(line.split(" ")[0]));
  }

  @Test
  void theProgramRunsAsAUserWithoutRightsAndIsCopiedFromWhereMavenPutsIt() throws IOException {
    List<String> lines = instructions();
    assertThat(lines.reversed())
        .filteredOn(line -> line.startsWith("USER"))
        .first()
        .isEqualTo("USER whence");
    assertThat(lines.indexOf("USER whence"))
        .isLessThan(lines.indexOf("ENTRYPOINT [\"/opt/whence/bin/whence\"]"));
    assertThat(lines).contains("COPY --from=build /src/app/target/whence /opt/whence");
  }

  @Test
  void imagesArePinnedToTheVersionOfJavaThatTheBuildNeeds() throws IOException {
    String java =
        Files.readString(ROOT.resolve("pom.xml"))
            .replaceFirst("(?s).*<maven.compiler.release>(\\d+)<.*", "$1");
    assertThat(instructions()).contains("ARG JAVA=" + java).noneMatch(l -> l.contains(":latest"));
  }
}
