package dev.whence.web;

import java.util.List;
import java.util.Optional;

/**
 * A sequence in a list of those that influence an answer.
 *
 * @param id of its element, by which addresses point at it
 * @param rank 1, 2, .. for those that raise, -1, -2, .. for those that lower; a dash where it has
 *     none
 * @param document the page of the sequence
 * @param place where in its document it begins; may be empty
 * @param badges what is to be known of it in a word, with an explanation
 * @param how the page of how it influences; empty where that is not known
 * @param blocks the influence through each of the model's blocks; none where that is not known
 * @param words of the completion that it is among the strongest for; none where that is not known
 */
public record Card(
    String id,
    String rank,
    Strength strength,
    ShadedText text,
    String documentId,
    Address document,
    String place,
    List<Badge> badges,
    Optional<Address> how,
    List<Block> blocks,
    List<Answer.Word> words) {

  /** A word about a sequence. */
  public record Badge(String looks, String text, String tip) {}

  /** A block of the model in a strip of all. */
  public record Block(String x, String looks, String tip) {}

  /** One of which nothing is known but its text and influence. */
  static Card plain(
      int rank, Strength strength, ShadedText text, String documentId, Address document) {
    return new Card(
        "rank" + rank,
        "" + rank,
        strength,
        text,
        documentId,
        document,
        "",
        List.of(),
        Optional.empty(),
        List.of(),
        List.of());
  }
}
