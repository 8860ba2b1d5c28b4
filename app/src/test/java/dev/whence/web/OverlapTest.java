package dev.whence.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.results.ResultsFolder.TokenInfluence;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class OverlapTest {
  private static String marked(String text, String completion) {
    ShadedText shaded = ShadedText.of(List.of(new TokenInfluence(text, 0)), completion, "nats");
    return shaded.pieces().stream()
        .map(p -> p.looks().isEmpty() ? p.text() : p.looks().charAt(0) + "[" + p.text() + "]")
        .collect(Collectors.joining());
  }

  @Test
  void longWordsAreSharedInAnyCase() {
    assertThat(marked("A Member of it, members", "the MEMBER of"))
        .isEqualTo("A s[Member] of it, members");
  }

  @Test
  void threeWordsInOrderAreVerbatim() {
    assertThat(marked("was a member of the genus", "a Member of, the club"))
        .isEqualTo("was v[a member of the] genus");
  }

  @Test
  void nothingIsSharedWithNothing() {
    assertThat(marked("some text", "")).isEqualTo("some text");
    assertThat(ShadedText.of(List.of(), "completion", "nats").pieces()).isEmpty();
  }

  @Test
  void marksCutTokens() {
    ShadedText shaded =
        ShadedText.of(
            List.of(new TokenInfluence("the do", 2), new TokenInfluence("mestic x", -1)),
            "domestic",
            "nats");
    assertThat(shaded.pieces())
        .extracting(ShadedText.Piece::text, ShadedText.Piece::looks)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("the ", "r9"),
            org.assertj.core.groups.Tuple.tuple("do", "r9 shared"),
            org.assertj.core.groups.Tuple.tuple("mestic", "l5 shared"),
            org.assertj.core.groups.Tuple.tuple(" x", "l5"));
  }
}
