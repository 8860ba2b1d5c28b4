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
  private final String sha256;

  private Tokenizer(HuggingFaceTokenizer tokenizer, int vocabularySize, String sha256) {
    this.tokenizer = tokenizer;
    this.vocabularySize = vocabularySize;
    this.sha256 = sha256;
  }

  /**
   * Loads a {@code tokenizer.json}.
   *
   * @throws InvalidInputException if the file is missing or is not a Hugging Face fast tokenizer
   */
  public static Tokenizer load(Path tokenizerJson) {
    GitLfs.requireContent(tokenizerJson);
    byte[] json = read(tokenizerJson);
    try {
      int vocabularySize = VocabularySize.in(json);
      return new Tokenizer(
          HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), WHOLE_TEXTS),
          vocabularySize,
          Hashes.of(json));
    } catch (IOException | RuntimeException e) { // the native library's errors have no own type
      throw unusable(tokenizerJson, e);
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

  /**
   * The token ids of {@code text}, with the special tokens that the tokenizer's post-processor
   * adds.
   */
  public int[] encode(String text) {
    requireWellFormed(text);
    return takeIds(TokenizersLibrary.LIB.encode(tokenizer.getHandle(), text, true));
  }

  /** Encodes each text on its own, on all cores. */
  int[][] encodeAll(List<String> texts) {
    texts.forEach(Tokenizer::requireWellFormed);
    long[] encodings =
        TokenizersLibrary.LIB.batchEncode(
            tokenizer.getHandle(), texts.toArray(String[]::new), true);
    int[][] ids = new int[encodings.length][];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = takeIds(encodings[i]);
    }
    return ids;
  }

  /**
   * Encodes a prompt and its completion as one text, so that tokens merge across their boundary as
   * they would in training. The completion starts at the first token that reaches past the prompt's
   * last character, even if the token starts before it. Special tokens that the tokenizer puts
   * before the text belong to the prompt; those it puts after the text are dropped.
   */
  public Completion encode(String prompt, String completion) {
    requireWellFormed(prompt);
    requireWellFormed(completion);
    Encoding encoding = tokenizer.encode(prompt + completion, true, false);
    int[] ids = toInts(encoding.getIds());
    long[] special = encoding.getSpecialTokenMask();
    CharSpan[] spans = encoding.getCharTokenSpans();
    int end = ids.length;
    while (end > 0 && special[end - 1] == 1) {
      end--;
    }
    // The native library counts its spans in code points.
    int promptLength = prompt.codePointCount(0, prompt.length());
    int start = 0;
    while (start < end && (special[start] == 1 || spans[start].getEnd() <= promptLength)) {
      start++;
    }
    return new Completion(Arrays.copyOf(ids, start), Arrays.copyOfRange(ids, start, end));
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

  /** The SHA-256 of the {@code tokenizer.json} this was loaded from. */
  String sha256() {
    return sha256;
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
