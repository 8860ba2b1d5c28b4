package dev.whence.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.whence.results.ResultsFolder.TokenInfluence;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class PassageTest {
  private static List<TokenInfluence> tokens(int count, int strongest) {
    List<TokenInfluence> tokens = new ArrayList<>();
    for (int t = 0; t < count; t++) {
      tokens.add(new TokenInfluence(" word", t == strongest ? -5 : 0.1));
    }
    return tokens;
  }

  @Test
  void aShortTextIsShownAsItIs() {
    assertThat(Passage.of(tokens(80, 3))).isEqualTo(new Passage(0, 80));
    assertThat(Passage.of(List.of())).isEqualTo(new Passage(0, 0));
  }

  @Test
  void aTokenThatIsLongerThanAPassageIsAPassage() {
    TokenInfluence huge = new TokenInfluence("x".repeat(2_000), 1);
    assertThat(Passage.of(List.of(new TokenInfluence(" a", 0), huge)).has(1)).isTrue();
  }

  @RepeatedTest(20)
  void theStrongestTokenIsInAPassageOfBoundedLength(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    int count = 81 + random.nextInt(500);
    int strongest = random.nextInt(count);
    Passage passage = Passage.of(tokens(count, strongest));
    assertThat(passage.has(strongest)).isTrue();
    assertThat(passage.to() - passage.from()).isBetween(1, 60);
  }

  @Test
  void ofPassagesWithTheStrongestTheOneWithMostIsChosen() {
    List<TokenInfluence> tokens = tokens(200, 100);
    for (int t = 60; t < 70; t++) {
      tokens.set(t, new TokenInfluence(" word", 2));
    }
    assertThat(Passage.of(tokens)).matches(p -> p.has(60) && p.has(69) && p.has(100));
  }

  @Test
  void passagesBeginAndEndWithWholeWords() {
    List<TokenInfluence> tokens = tokens(200, 100);
    tokens.replaceAll(t -> new TokenInfluence(" wor", t.influence()));
    for (int t = 1; t < 200; t += 2) {
      tokens.set(t, new TokenInfluence("ds", tokens.get(t).influence()));
    }
    Passage passage = Passage.of(tokens);
    assertThat(passage.from() % 2).isZero();
    assertThat(passage.to() % 2).isZero();
  }
}
