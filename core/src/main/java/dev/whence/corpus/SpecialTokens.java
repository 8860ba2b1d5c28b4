package dev.whence.corpus;

import dev.whence.InvalidInputException;
import dev.whence.corpus.EndTokens.Rule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * What stands before and after a text's own tokens.
 *
 * @param before token ids, in order
 * @param after token ids, in order
 */
record SpecialTokens(List<Integer> before, List<Integer> after) {
  /** Lists the tokens around those of a text, of both encodings of some text. */
  static SpecialTokens around(int[] plain, int[] whole) {
    for (int start = 0; start + plain.length <= whole.length; start++) {
      if (Arrays.equals(whole, start, start + plain.length, plain, 0, plain.length)) {
        return new SpecialTokens(
            ids(whole, 0, start), ids(whole, start + plain.length, whole.length));
      }
    }
    return new SpecialTokens(List.of(), List.of());
  }

  private static List<Integer> ids(int[] tokens, int from, int to) {
    return Arrays.stream(tokens, from, to).boxed().toList();
  }

  /**
   * What the rules make of these.
   *
   * @throws InvalidInputException when a token is asked for that the checkpoint does not name
   */
  SpecialTokens with(EndTokens rules, NamedTokens named) {
    return new SpecialTokens(
        apply(rules.bos(), "bos", before, 0, named),
        apply(rules.eos(), "eos", after, after.size(), named));
  }

  private static List<Integer> apply(
      Rule rule, String name, List<Integer> present, int place, NamedTokens named) {
    if (rule == Rule.AUTO && (named.wanted(name).isEmpty() || named.id(name).isEmpty())) {
      return present;
    }
    if (rule == Rule.NEVER) {
      return List.of();
    }
    boolean wanted = rule == Rule.ALWAYS || named.wanted(name).get();
    OptionalInt id = named.id(name);
    if (id.isEmpty() && wanted) {
      throw new InvalidInputException(
          "--%s is always, but neither %s nor the files beside it name a %s_token"
              .formatted(name, named.file(), name));
    }
    List<Integer> tokens = new ArrayList<>(present);
    if (!wanted) {
      tokens.removeIf(token -> id.isPresent() && token == id.getAsInt());
    } else if (!tokens.contains(id.getAsInt())) {
      tokens.add(place, id.getAsInt());
    }
    return tokens;
  }

  /** A text's own tokens with these around them. */
  int[] around(int... tokens) {
    int[] all = new int[before.size() + tokens.length + after.size()];
    for (int i = 0; i < before.size(); i++) {
      all[i] = before.get(i);
    }
    System.arraycopy(tokens, 0, all, before.size(), tokens.length);
    for (int i = 0; i < after.size(); i++) {
      all[before.size() + tokens.length + i] = after.get(i);
    }
    return all;
  }
}
