package dev.whence.corpus;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.corpus.EndTokens.Rule;
import dev.whence.folder.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

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
   * @param tokenizerJson beside which the checkpoint's other files are
   * @throws InvalidInputException when a token is asked for that the checkpoint does not name
   */
  SpecialTokens with(EndTokens rules, Path tokenizerJson, JsonNode tokenizer) {
    JsonNode config = read(tokenizerJson.resolveSibling("tokenizer_config.json"));
    JsonNode model = read(tokenizerJson.resolveSibling("config.json"));
    return new SpecialTokens(
        apply(rules.bos(), "bos", before, 0, tokenizerJson, tokenizer, config, model),
        apply(rules.eos(), "eos", after, after.size(), tokenizerJson, tokenizer, config, model));
  }

  private static List<Integer> apply(
      Rule rule,
      String name,
      List<Integer> present,
      int place,
      Path tokenizerJson,
      JsonNode tokenizer,
      JsonNode config,
      JsonNode model) {
    Rule effective = rule;
    JsonNode flag = config.path("add_" + name + "_token");
    if (rule == Rule.AUTO && flag.isBoolean()) {
      effective = flag.asBoolean() ? Rule.ALWAYS : Rule.NEVER;
    }
    if (effective == Rule.AUTO) {
      return present;
    }
    OptionalInt id = id(name + "_token", tokenizer, config, model);
    if (id.isEmpty()) {
      if (rule == Rule.ALWAYS) {
        throw new InvalidInputException(
            "--%s is always, but neither %s nor the files beside it name a %s_token"
                .formatted(name, tokenizerJson, name));
      }
      return present; // the configuration asks for a token that it does not have
    }
    List<Integer> tokens = new ArrayList<>(present);
    if (effective == Rule.NEVER) {
      tokens.removeIf(token -> token == id.getAsInt());
    } else if (!tokens.contains(id.getAsInt())) {
      tokens.add(place, id.getAsInt());
    }
    return tokens;
  }

  private static OptionalInt id(String name, JsonNode tokenizer, JsonNode config, JsonNode model) {
    JsonNode token = config.path(name);
    String text = token.isObject() ? token.path("content").asString("") : token.asString("");
    if (!text.isEmpty()) {
      for (JsonNode added : tokenizer.path("added_tokens")) {
        if (added.path("content").asString("").equals(text)) {
          return OptionalInt.of(added.path("id").asInt());
        }
      }
      JsonNode id = tokenizer.path("model").path("vocab").path(text);
      if (id.isIntegralNumber()) {
        return OptionalInt.of(id.asInt());
      }
    }
    JsonNode id = model.path(name + "_id");
    JsonNode first = id.isArray() ? id.path(0) : id; // several tokens may end a document
    return first.isIntegralNumber() ? OptionalInt.of(first.asInt()) : OptionalInt.empty();
  }

  private static JsonNode read(Path file) {
    if (!Files.exists(file)) {
      return Json.MAPPER.createObjectNode();
    }
    try {
      return Json.MAPPER.readTree(Files.readAllBytes(file));
    } catch (JacksonException e) {
      throw new InvalidInputException(file + " is not valid JSON: " + Json.reason(e), e);
    } catch (IOException e) {
      throw AtomicFile.unreadable(file, e);
    }
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
