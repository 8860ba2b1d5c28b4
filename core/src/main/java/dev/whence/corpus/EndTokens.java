package dev.whence.corpus;

import java.util.Locale;

/**
 * Whether a document's tokens begin with the checkpoint's token for a beginning and end with that
 * for an end. Without them a model never learns, and an influence never shows, how documents begin
 * and end.
 */
public record EndTokens(Rule bos, Rule eos) {
  /** As the checkpoint's own configuration has it. */
  public static final EndTokens AUTO = new EndTokens(Rule.AUTO, Rule.AUTO);

  /** When a token is there. */
  public enum Rule {
    /**
     * As {@code add_bos_token} or {@code add_eos_token} in {@code tokenizer_config.json} says, else
     * as {@code tokenizer.json} does.
     */
    AUTO,
    /** Always, whatever the tokenizer does by itself. */
    ALWAYS,
    /** Never, and nothing else either that the tokenizer would put there. */
    NEVER;

    /** The command line's spelling: {@code auto}. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** The rule of a spelling. */
    public static Rule of(String spelling) {
      return valueOf(spelling.toUpperCase(Locale.ROOT));
    }
  }
}
