package dev.whence.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.results.ResultsFolder.TokenInfluence;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ShadingTest {
  private static final List<TokenInfluence> TOKENS =
      List.of(
          new TokenInfluence("<|endoftext|>", 9),
          new TokenInfluence("up", 10),
          new TokenInfluence(" flat", 0.1),
          new TokenInfluence(" down", -8));

  @Test
  void marksSayWhatRaisesAndWhatLowers() {
    assertThat(new Shading.Marks().show(TOKENS)).isEqualTo("[+up+] flat[- down-]");
  }

  @Test
  void redRaisesAndTealLowers() {
    String line = new Shading.Colours().show(TOKENS);
    assertThat(line).contains("48;2;200;30;40mup", " flat", "48;2;10;126;126m down");
  }

  @Test
  void textFromACorpusCannotSteerTheTerminal() {
    List<TokenInfluence> hostile = List.of(new TokenInfluence("a\u001b[2Jb\nc\u0007\u202e", 1));
    assertThat(new Shading.Marks().show(hostile))
        .doesNotContain("\u001b", "\n", "\u0007", "\u202e");
  }

  @Test
  void noColourIsRespected() {
    assertThat(Shading.forTerminal(true, Map.of())).isInstanceOf(Shading.Colours.class);
    assertThat(Shading.forTerminal(false, Map.of())).isInstanceOf(Shading.Marks.class);
    assertThat(Shading.forTerminal(true, Map.of("NO_COLOR", "1")))
        .isInstanceOf(Shading.Marks.class);
    assertThat(Shading.forTerminal(false, Map.of("CLICOLOR_FORCE", "1")))
        .isInstanceOf(Shading.Colours.class);
  }
}
