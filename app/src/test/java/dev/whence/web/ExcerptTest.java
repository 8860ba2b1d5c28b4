package dev.whence.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.web.Excerpt.Part;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ExcerptTest {
  private static String marked(String text, String search) {
    return Excerpt.of(text, search).parts().stream()
        .map(part -> part.matched() ? "[" + part.text() + "]" : part.text())
        .collect(Collectors.joining());
  }

  @Test
  void wholeWordsCountBeforePartsOfWords() {
    assertThat(marked("catalogue of a Cat", "cat")).isEqualTo("catalogue of a [Cat]");
    assertThat(Excerpt.of("catalogue of a Cat", "cat").wholeWords()).isTrue();
    assertThat(marked("catalogue", "cat")).isEqualTo("[cat]alogue");
    assertThat(Excerpt.of("catalogue", "cat").wholeWords()).isFalse();
  }

  @Test
  void wordsApartAreMarkedEach() {
    assertThat(marked("the sea and the salt", "salt sea")).isEqualTo("the [sea] and the [salt]");
    assertThat(marked("the salt sea", "salt sea")).isEqualTo("the [salt sea]");
  }

  @Test
  void aLongTextIsCutAroundTheFirstMatch() {
    String text = "word ".repeat(200) + "needle" + " word".repeat(200);
    assertThat(marked(text, "needle")).startsWith("… word").contains("[needle]").endsWith(" …");
    assertThat(Excerpt.of(text, "needle").parts().stream().mapToInt(p -> p.text().length()).sum())
        .isLessThan(320);
  }

  @Test
  void signsOfPatternsMeanThemselves() {
    assertThat(marked("a (b) [c] \\E $ x", "(b)")).isEqualTo("a [(b)] [c] \\E $ x");
    assertThat(Excerpt.of("abc", "\\E.*").parts()).containsExactly(new Part("abc", false));
  }
}
