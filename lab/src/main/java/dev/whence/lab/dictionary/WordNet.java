package dev.whence.lab.dictionary;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The synsets of WordNet 3.1 (Fellbaum 1998), read from the Maven artifact that carries its
 * database. The format is that of WordNet's own manual page wndb(5): offset, file, part of speech,
 * words, pointers, and after a bar the gloss.
 */
public final class WordNet {
  /** How many synsets WordNet 3.1 has. */
  public static final int SYNSETS = 117_791;

  private static final String FOLDER = "/net/sf/extjwnl/data/wordnet/wn31/data.";
  private static final List<String> PARTS_OF_SPEECH = List.of("noun", "verb", "adj", "adv");

  private static final Set<String> HYPERNYMS_AND_HYPONYMS = Set.of("@", "@i", "~", "~i");

  private WordNet() {}

  /**
   * A set of synonyms with one meaning.
   *
   * @param id the first word, the part of speech and the place in the database: {@code
   *     dog.n.02086723}
   * @param words with spaces where WordNet has underscores
   * @param gloss the definition, and examples in quotes
   * @param key by which other synsets point to it
   * @param related keys of its hypernyms and hyponyms
   */
  public record Synset(
      String id, List<String> words, String gloss, String key, List<String> related) {
    /** The words and a colon: what a query gives as prompt. */
    public String prompt() {
      return String.join(", ", words) + ":";
    }

    /** The gloss as it follows the prompt. */
    public String completion() {
      return " " + gloss;
    }

    /** The synset as a document: its words, a colon, its gloss. */
    public String text() {
      return prompt() + completion();
    }
  }

  /** Hands over all synsets, nouns first, in the database's order. */
  public static void forEach(Consumer<Synset> consumer) {
    for (String part : PARTS_OF_SPEECH) {
      try (BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(
                  Objects.requireNonNull(WordNet.class.getResourceAsStream(FOLDER + part)),
                  StandardCharsets.UTF_8))) {
        String line = lines.readLine();
        while (line != null) {
          if (!line.startsWith("  ")) { // the licence's lines begin with two spaces
            consumer.accept(parse(line));
          }
          line = lines.readLine();
        }
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read WordNet: " + e.getMessage(), e);
      }
    }
  }

  static Synset parse(String line) {
    int bar = line.indexOf('|');
    String[] fields = line.substring(0, bar).split(" ");
    int count = Integer.parseInt(fields[3], 16);
    List<String> words = new ArrayList<>();
    for (int w = 0; w < count; w++) {
      // Adjectives may carry a syntactic marker: "galore(ip)".
      words.add(fields[4 + 2 * w].replaceFirst("\\((a|p|ip)\\)$", "").replace('_', ' '));
    }
    String id = words.getFirst().replace(' ', '_') + "." + fields[2] + "." + fields[0];
    List<String> related = new ArrayList<>();
    int pointers = 4 + 2 * count;
    for (int p = 0; p < Integer.parseInt(fields[pointers]); p++) {
      int at = pointers + 1 + 4 * p; // symbol, offset, part of speech, which words
      if (HYPERNYMS_AND_HYPONYMS.contains(fields[at])) {
        related.add(key(fields[at + 2], fields[at + 1]));
      }
    }
    return new Synset(
        id,
        List.copyOf(words),
        line.substring(bar + 1).strip(),
        key(fields[2], fields[0]),
        List.copyOf(related));
  }

  /** The key of a synset; pointers give satellite adjectives, {@code s}, as {@code a}. */
  private static String key(String part, String offset) {
    return (part.equals("s") ? "a" : part) + offset;
  }
}
