package dev.whence.corpus;

import dev.whence.InvalidInputException;
import dev.whence.Json;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.GitLfs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * What a checkpoint says about the tokens for a beginning and for an end.
 *
 * @param file {@code tokenizer.json}
 * @param tokenizer its content
 * @param config the content of {@code tokenizer_config.json} beside it, or an empty object
 * @param model the content of {@code config.json} beside it, or an empty object
 */
record NamedTokens(Path file, JsonNode tokenizer, JsonNode config, JsonNode model) {
  static NamedTokens of(Path file, JsonNode tokenizer) {
    return new NamedTokens(
        file,
        tokenizer,
        read(file.resolveSibling(Tokenizer.CONFIG_FILE)),
        read(file.resolveSibling("config.json")));
  }

  private static JsonNode read(Path file) {
    if (!Files.exists(file)) {
      return Json.MAPPER.createObjectNode();
    }
    GitLfs.requireContent(file);
    try {
      return Json.MAPPER.readTree(Files.readAllBytes(file));
    } catch (JacksonException e) {
      throw new InvalidInputException(file + " is not valid JSON: " + Json.reason(e), e);
    } catch (IOException e) {
      throw AtomicFile.unreadable(file, e);
    }
  }

  /**
   * Whether texts are to have a token, as far as the checkpoint's configuration says.
   *
   * @param name {@code bos} or {@code eos}
   */
  Optional<Boolean> wanted(String name) {
    JsonNode flag = config.path("add_" + name + "_token");
    return flag.isBoolean() ? Optional.of(flag.asBoolean()) : Optional.empty();
  }

  /**
   * A token's id, if the checkpoint names one.
   *
   * @param name {@code bos} or {@code eos}
   */
  OptionalInt id(String name) {
    JsonNode token = config.path(name + "_token");
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
    JsonNode id = model.path(name + "_token_id");
    JsonNode first = id.isArray() ? id.path(0) : id; // several tokens may end a document
    return first.isIntegralNumber() ? OptionalInt.of(first.asInt()) : OptionalInt.empty();
  }
}
