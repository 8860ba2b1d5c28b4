package dev.whence.corpus;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.whence.InvalidInputException;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.GitLfs;
import dev.whence.folder.Hashes;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A model's own tokenizer, as its {@code tokenizer.json} describes it, except that nothing is ever
 * truncated or padded. Native memory: close it.
 */
public final class Tokenizer implements AutoCloseable {
  static {
    // DJL otherwise asks the network for a native library that fits the GPU, and reports usage.
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
  }

  private static final Map<String, String> WHOLE_TEXTS =
      Map.of("truncation", "do_not_truncate", "padding", "do_not_pad");

  private final HuggingFaceTokenizer tokenizer;
  private final int vocabularySize;

  /** Beside {@code tokenizer.json}: which tokens texts begin and end with. */
  public static final String CONFIG_FILE = "tokenizer_config.json";

  private final EndTokens endTokens;
  private final SpecialTokens special;
  private final String hash;

  private Tokenizer(
      HuggingFaceTokenizer tokenizer,
      int vocabularySize,
      EndTokens endTokens,
      SpecialTokens special,
      String sha256) {
    this.tokenizer = tokenizer;
    this.vocabularySize = vocabularySize;
    this.endTokens = endTokens;
    this.special = special;
    this.hash = "%s %s %s".formatted(sha256, special.before(), special.after());
  }

  /** Loads a {@code tokenizer.json}, with the ends that its checkpoint's configuration has. */
  public static Tokenizer load(Path tokenizerJson) {
    return load(tokenizerJson, EndTokens.AUTO);
  }

  /**
   * Loads a {@code tokenizer.json}.
   *
   * @param endTokens which tokens texts begin and end with; what they are, the files beside the
   *     tokenizer say
   * @throws InvalidInputException if the file is missing or is not a Hugging Face fast tokenizer,
   *     or the checkpoint lacks a token that is asked for
   */
  public static Tokenizer load(Path tokenizerJson, EndTokens endTokens) {
    GitLfs.requireContent(tokenizerJson);
    byte[] json = read(tokenizerJson);
    int vocabularySize;
    JsonNode root;
    try {
      root = new JsonMapper().readTree(json);
      vocabularySize = VocabularySize.in(root);
    } catch (RuntimeException e) {
      throw unusable(tokenizerJson, e);
    }
    requireNativeLibrary();
    HuggingFaceTokenizer tokenizer;
    try {
      tokenizer = HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), WHOLE_TEXTS);
    } catch (IOException | RuntimeException e) { // the native library's errors have no own type
      throw unusable(tokenizerJson, e);
    }
    try {
      SpecialTokens own =
          SpecialTokens.around(ids(tokenizer, "a", false), ids(tokenizer, "a", true));
      return new Tokenizer(
          tokenizer,
          vocabularySize,
          endTokens,
          own.with(endTokens, NamedTokens.of(tokenizerJson, root)),
          Hashes.of(json));
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /** Loads the native library, which is unpacked on first use. */
  private static void requireNativeLibrary() {
    try {
      Class.forName(TokenizersLibrary.class.getName());
    } catch (ClassNotFoundException | LinkageError | RuntimeException e) {
      throw new InvalidInputException(
          "the tokenizer's native library cannot be unpacked below "
              + System.getProperty("DJL_CACHE_DIR", System.getProperty("user.home"))
              + "; set WHENCE_CACHE to a folder that can be written",
          e);
    }
  }

  private static byte[] read(Path tokenizerJson) {
    try {
      return Files.readAllBytes(tokenizerJson);
    } catch (NoSuchFileException e) {
      throw new InvalidInputException(
          "The tokenizer %s does not exist; save it beside the model with tokenizer.save_pretrained"
              .formatted(tokenizerJson),
          e);
    } catch (IOException e) {
      throw AtomicFile.unreadable(tokenizerJson, e);
    }
  }

  private static InvalidInputException unusable(Path tokenizerJson, Exception e) {
    return new InvalidInputException(
        ("The tokenizer %s is not a Hugging Face tokenizer.json (%s);"
                + " save it again with tokenizer.save_pretrained")
            .formatted(
                tokenizerJson, String.valueOf(e.getMessage()).lines().findFirst().orElse("")),
        e);
  }

  /** The token ids of {@code text}, between the special tokens that its documents have. */
  public int[] encode(String text) {
    requireWellFormed(text);
    return special.around(ids(tokenizer, text, false));
  }

  /** Encodes each text on its own, on all cores. */
  int[][] encodeAll(List<String> texts) {
    texts.forEach(Tokenizer::requireWellFormed);
    long[] encodings =
        TokenizersLibrary.LIB.batchEncode(
            tokenizer.getHandle(), texts.toArray(String[]::new), false);
    int[][] ids = new int[encodings.length][];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = special.around(takeIds(encodings[i]));
    }
    return ids;
  }

  /**
   * Encodes a prompt and its completion as one text, so that tokens merge across their boundary as
   * they would in training. The completion starts at the first token that reaches past the prompt's
   * last character, even if the token starts before it. Special tokens that documents begin with
   * belong to the prompt; those they end with are no part of a query.
   */
  public Completion encode(String prompt, String completion) {
    requireWellFormed(prompt);
    requireWellFormed(completion);
    Encoding encoding = tokenizer.encode(prompt + completion, false, false);
    int[] ids = toInts(encoding.getIds());
    CharSpan[] spans = encoding.getCharTokenSpans();
    // The native library counts its spans in code points.
    int promptLength = prompt.codePointCount(0, prompt.length());
    int start = 0;
    while (start < ids.length && spans[start].getEnd() <= promptLength) {
      start++;
    }
    SpecialTokens beginning = new SpecialTokens(special.before(), List.of());
    return new Completion(
        beginning.around(Arrays.copyOf(ids, start)), Arrays.copyOfRange(ids, start, ids.length));
  }

  /** The text of the tokens, special tokens included. */
  public String decode(int[] tokens) {
    return tokenizer.decode(Arrays.stream(tokens).asLongStream().toArray(), false);
  }

  /** The text of the tokens without special tokens: what was written, and no more. */
  public String plainText(int[] tokens) {
    return tokenizer.decode(Arrays.stream(tokens).asLongStream().toArray(), true);
  }

  /**
   * What each token adds to the text: as many strings as tokens, which joined are {@link #decode}.
   * A token that ends inside a character adds nothing; the token that completes the character adds
   * it.
   */
  public List<String> pieces(int[] tokens) {
    return new Pieces(tokens, this::decode).list();
  }

  /** One more than the highest token id, added tokens included. */
  public int vocabularySize() {
    return vocabularySize;
  }

  /** Which tokens texts begin and end with, as it was asked for. */
  public EndTokens endTokens() {
    return endTokens;
  }

  /** What texts begin and end with, as tokens. */
  public List<List<Integer>> ends() {
    return List.of(special.before(), special.after());
  }

  /** What everything that it makes of a text follows from. */
  String hash() {
    return hash;
  }

  @Override
  public void close() {
    tokenizer.close();
  }

  /** The tokens of a query's two parts; either may be empty. */
  @SuppressWarnings("ArrayRecordComponent") // token ids are int[] everywhere and never compared
  public record Completion(int[] prompt, int[] completion) {}

  private static void requireWellFormed(String text) {
    // The native library would replace far more than the surrogate.
    if (!Unicode.isWellFormed(text)) {
      throw new InvalidInputException("A text has an unpaired surrogate, which is not Unicode");
    }
  }

  private static int[] ids(HuggingFaceTokenizer tokenizer, String text, boolean special) {
    return takeIds(TokenizersLibrary.LIB.encode(tokenizer.getHandle(), text, special));
  }

  private static int[] takeIds(long encoding) {
    try {
      return toInts(TokenizersLibrary.LIB.getTokenIds(encoding));
    } finally {
      TokenizersLibrary.LIB.deleteEncoding(encoding);
    }
  }

  private static int[] toInts(long[] ids) {
    return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
  }
}
