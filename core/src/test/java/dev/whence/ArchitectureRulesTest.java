package dev.whence;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which package may use which: the table in CONTRIBUTING.md, as a test. */
class ArchitectureRulesTest {
  private static final JavaClasses CORE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_JARS)
          .importPackages("dev.whence");

  /** A room, and the rooms that it may use beside the root package; ARCHITECTURE's table. */
  private static final Map<String, Set<String>> MAY_USE =
      Map.ofEntries(
          Map.entry("folder", Set.of()),
          Map.entry("tensor", Set.of("folder")),
          Map.entry("corpus", Set.of("folder")),
          Map.entry("budget", Set.of("tensor")),
          Map.entry("model", Set.of("folder", "tensor", "corpus", "budget")),
          Map.entry("trace", Set.of("folder", "tensor", "corpus", "budget", "model")),
          Map.entry("curvature", Set.of("tensor")),
          Map.entry("run", Set.of("folder", "tensor", "corpus", "curvature")),
          Map.entry(
              "fit",
              Set.of("folder", "tensor", "corpus", "budget", "model", "trace", "curvature", "run")),
          Map.entry(
              "influence", Set.of("tensor", "corpus", "budget", "model", "trace", "curvature")),
          Map.entry("results", Set.of("folder", "corpus")),
          Map.entry(
              "attribution",
              Set.of(
                  "folder",
                  "tensor",
                  "corpus",
                  "budget",
                  "model",
                  "trace",
                  "curvature",
                  "run",
                  "influence",
                  "results")),
          Map.entry(
              "index",
              Set.of(
                  "folder",
                  "tensor",
                  "corpus",
                  "budget",
                  "model",
                  "trace",
                  "curvature",
                  "run",
                  "influence")),
          Map.entry(
              "plan",
              Set.of(
                  "tensor",
                  "corpus",
                  "budget",
                  "model",
                  "trace",
                  "curvature",
                  "fit",
                  "influence",
                  "index",
                  "attribution")));

  @Test
  void dataFlowsOneWay() {
    assertThat(CORE.stream().map(JavaClass::getPackageName).filter(p -> !p.equals("dev.whence")))
        .as("every package has its row in the table")
        .allMatch(p -> MAY_USE.containsKey(p.replace("dev.whence.", "")));
    MAY_USE.forEach((room, others) -> {
      String[] strangers =
          MAY_USE.keySet().stream()
              .filter(other -> !other.equals(room) && !others.contains(other))
              .map(other -> "dev.whence." + other)
              .toArray(String[]::new);
      noClasses()
          .that()
          .resideInAPackage("dev.whence." + room)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(strangers)
          .check(CORE);
    });
  }

  @Test
  void noPackagesDependOnEachOtherInACircle() {
    slices().matching("dev.whence.(*)..").should().beFreeOfCycles().check(CORE);
  }

  @Test
  void onlyTheTensorPackageTouchesLibtorch() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.whence.tensor")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bytedeco..")
        .check(CORE);
  }

  @Test
  void thereIsNoPackageForOddsAndEnds() {
    noClasses()
        .should()
        .resideInAnyPackage("..util..", "..utils..", "..common..", "..misc..")
        .check(CORE);
  }

  @Test
  void nothingIsSetAfterItWasMade() {
    noMethods().that().arePublic().should().haveNameMatching("set[A-Z].*").check(CORE);
  }
}
