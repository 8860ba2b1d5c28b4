package dev.whence.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The design system of docs/EXPLORER.md holds: what is named at the top is used by its name. */
class StylesheetTest {
  private static final Pattern NAME = Pattern.compile("(--\\w+):");
  private static final Pattern DECLARATION = Pattern.compile("([a-z-]+):\\s*([^;{}]+)[;}]");

  private static final Pattern LENGTHS =
      Pattern.compile("font|font-size|border-radius|.*gap|margin.*|padding.*");
  private static final Pattern LITERAL_LENGTH = Pattern.compile("\\d(px|r?em)");
  private static final Pattern LITERAL_COLOUR =
      Pattern.compile("#[0-9a-fA-F]{3,8}\\b|rgba?\\(|hsla?\\(");

  @Test
  void rulesUseTheNamedColoursSizesAndSteps() throws IOException {
    String rules = rules(stylesheet());
    List<String> literal = new ArrayList<>();
    Matcher declaration = DECLARATION.matcher(rules);
    while (declaration.find()) {
      if (isLiteral(declaration.group(1), declaration.group(2))) {
        literal.add(declaration.group());
      }
    }
    assertThat(literal).isEmpty();
  }

  private static boolean isLiteral(String property, String value) {
    boolean isLength = LENGTHS.matcher(property).matches();
    return (isLength ? LITERAL_LENGTH : LITERAL_COLOUR).matcher(value).find();
  }

  @Test
  void everyNameIsUsed() throws IOException {
    String stylesheet = stylesheet();
    String rules = rules(stylesheet);
    Matcher name = NAME.matcher(stylesheet.substring(0, stylesheet.length() - rules.length()));
    int names = 0;
    for (; name.find(); names++) {
      assertThat(rules).contains("var(" + name.group(1) + ")");
    }
    assertThat(names).isGreaterThan(20);
  }

  private static String rules(String stylesheet) {
    return stylesheet.substring(stylesheet.indexOf("* { box-sizing"));
  }

  private static String stylesheet() throws IOException {
    try (InputStream file =
        Objects.requireNonNull(Explorer.class.getResourceAsStream("explorer.css"))) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
