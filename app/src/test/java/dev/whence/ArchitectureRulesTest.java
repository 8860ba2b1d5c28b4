package dev.whence;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Which module may use what, over all modules. Core's own rules are in core. */
class ArchitectureRulesTest {
  private static final JavaClasses ALL =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.whence");

  @Test
  void onlyTheSearchPackageTouchesLucene() {
    assertThat(ALL.contain("dev.whence.search.SequenceIndex")).isTrue();
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.whence.search")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.apache.lucene..")
        .check(ALL);
  }

  @Test
  void searchKnowsNothingOfModelsAndResults() {
    noClasses()
        .that()
        .resideInAPackage("dev.whence.search")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.whence.tensor",
            "dev.whence.model",
            "dev.whence.curvature",
            "dev.whence.fit",
            "dev.whence.results",
            "dev.whence.lab..",
            "dev.whence.cli")
        .check(ALL);
  }

  @Test
  void pagesAreMadeInLayersAndKnowNoCommands() {
    assertThat(ALL.contain("dev.whence.web.Explorer")).isTrue();
    layeredArchitecture()
        .consideringOnlyDependenciesInAnyPackage("dev.whence..")
        .layer("commands")
        .definedBy("dev.whence.cli..")
        .layer("pages")
        .definedBy("dev.whence.web")
        .layer("questions")
        .definedBy("dev.whence.ask")
        .layer("store")
        .definedBy("dev.whence.store")
        .whereLayer("commands")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("pages")
        .mayOnlyBeAccessedByLayers("commands")
        .whereLayer("questions")
        .mayOnlyBeAccessedByLayers("commands", "pages")
        .whereLayer("store")
        .mayOnlyBeAccessedByLayers("commands", "pages", "questions")
        .check(ALL);
  }

  @Test
  void theLabIsBuiltInLayers() {
    assertThat(ALL.contain("dev.whence.lab.evaluation.ResponseStudy")).isTrue();
    layeredArchitecture()
        .consideringOnlyDependenciesInAnyPackage("dev.whence.lab..")
        .layer("evaluation")
        .definedBy("dev.whence.lab.evaluation")
        .layer("truths")
        .definedBy("dev.whence.lab.response", "dev.whence.lab.retraining")
        .layer("tools")
        .definedBy("dev.whence.lab.solver", "dev.whence.lab.training")
        .layer("subjects")
        .definedBy("dev.whence.lab.data", "dev.whence.lab.model")
        .whereLayer("evaluation")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("truths")
        .mayOnlyBeAccessedByLayers("evaluation")
        .whereLayer("tools")
        .mayOnlyBeAccessedByLayers("evaluation", "truths")
        .whereLayer("subjects")
        .mayNotAccessAnyLayer()
        .check(ALL);
  }

  @Test
  void onlyPagesKnowTheServer() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.whence.web")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.javalin..", "gg.jte..")
        .check(ALL);
  }
}
