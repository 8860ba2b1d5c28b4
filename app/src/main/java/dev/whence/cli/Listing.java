package dev.whence.cli;

import dev.whence.Json;
import dev.whence.corpus.Sequence;
import dev.whence.corpus.Tokenizer;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.databind.SerializationFeature;

/** What lists of sequences have in common. */
public final class Listing {
  private Listing() {}

  /** Prints an object as one line of JSON, for scripts. */
  public static void printJson(Object object) {
    System.out.println(json(object));
  }

  /** An object as one line of JSON. */
  static String json(Object object) {
    return Json.MAPPER
        .writer()
        .without(SerializationFeature.INDENT_OUTPUT)
        .writeValueAsString(object);
  }

  /** A sequence's text, or its token ids where there is no tokenizer. */
  public static String text(Sequence sequence, Optional<Tokenizer> tokenizer) {
    return tokenizer
        .map(t -> t.plainText(sequence.tokens()))
        .orElseGet(() ->
            Arrays.stream(sequence.tokens())
                .mapToObj(String::valueOf)
                .collect(Collectors.joining(" ")));
  }

  /** The document's name, and where in it the sequence begins unless it is the first. */
  public static String place(String documentId, int sequenceIndex, int tokenOffset) {
    return Shading.printable(sequenceIndex == 0 ? documentId : documentId + " +" + tokenOffset);
  }
}
