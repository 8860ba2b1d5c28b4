package dev.whence.web;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NeutralTest {
  private static final String REVERSED = "\u202Etxet";

  @Test
  void controlsOfDirectionAndControlBytesAreSpelledOut() {
    assertThat(Neutral.html("<p>a" + REVERSED + "\u2069\u200F\u0007\u001b[2J\u0000b</p>"))
        .isEqualTo("<p>a[U+202E]txet[U+2069][U+200F][U+0007][U+001B][2J[U+0000]b</p>");
  }

  @Test
  void everythingElseStaysAsItIs() {
    String page = "<p title=\"" + REVERSED + "\">a\n\tb שלום 😀 é</p><a href=\"/x?y=1\">&lt;</a>";
    assertThat(Neutral.html(page)).isEqualTo(page);
  }

  @Test
  void whatAFormSendsBackStaysAsItWasTyped() {
    String form = "<textarea name=\"prompt\">" + REVERSED + "</textarea>";
    assertThat(Neutral.html(form + REVERSED)).isEqualTo(form + "[U+202E]txet");
  }
}
