package dev.whence;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Which package may use which: the table in CONTRIBUTING.md, as a test. */
class ArchitectureRulesTest {
  private static final JavaClasses CORE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_JARS)
          .importPackages("dev.whence");

  @Test
  void dataFlowsOneWay() {
    layeredArchitecture()
        .consideringOnlyDependenciesInAnyPackage("dev.whence..")
        .layer("root")
        .definedBy("dev.whence")
        .layer("tensor")
        .definedBy("dev.whence.tensor")
        .layer("corpus")
        .definedBy("dev.whence.corpus")
        .layer("model")
        .definedBy("dev.whence.model")
        .layer("curvature")
        .definedBy("dev.whence.curvature")
        .layer("run")
        .definedBy("dev.whence.run")
        .layer("fit")
        .definedBy("dev.whence.fit")
        .layer("attribution")
        .definedBy("dev.whence.attribution")
        .layer("results")
        .definedBy("dev.whence.results")
        .layer("plan")
        .definedBy("dev.whence.plan")
        .whereLayer("plan")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("results")
        .mayOnlyBeAccessedByLayers("plan")
        .whereLayer("fit")
        .mayOnlyBeAccessedByLayers("plan")
        .whereLayer("attribution")
        .mayOnlyBeAccessedByLayers("results", "plan")
        .whereLayer("run")
        .mayOnlyBeAccessedByLayers("fit", "results")
        .whereLayer("curvature")
        .mayOnlyBeAccessedByLayers("run", "fit", "attribution", "results", "plan")
        .whereLayer("model")
        .mayOnlyBeAccessedByLayers("fit", "attribution", "results", "plan")
        .whereLayer("corpus")
        .mayOnlyBeAccessedByLayers("model", "fit", "attribution", "results", "plan")
        .check(CORE);
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
  void valuesHaveNoSetters() {
    classes().that().areRecords().should().haveOnlyFinalFields().check(CORE);
  }
}
