package dev.whence.model;

import dev.whence.InvalidInputException;
import dev.whence.model.Linear.Role;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Which linear layers are tracked.
 *
 * @param expression {@code mlp}, {@code attention}, {@code linear} (both), or a regular expression
 *     that a layer's whole name matches; only the last can reach the head
 */
public record LayerSelection(String expression) {
  public static final LayerSelection MLP = new LayerSelection("mlp");
  public static final LayerSelection ATTENTION = new LayerSelection("attention");
  public static final LayerSelection LINEAR = new LayerSelection("linear");

  /**
   * The layers of a model that are selected, in forward order.
   *
   * @throws InvalidInputException when there are none, or one shares its weight with the embedding
   */
  public List<Linear> of(LanguageModel model) {
    Predicate<Linear> predicate = predicate();
    List<Linear> layers = model.linears().stream().filter(predicate).toList();
    if (layers.isEmpty()) {
      throw new InvalidInputException(
          "--layers '%s' matches none of the model's linear layers, such as %s"
              .formatted(expression, model.linears().getFirst().name()));
    }
    for (Linear layer : layers) {
      if (layer.isTied()) {
        throw new InvalidInputException(
            "--layers '%s' matches %s, whose weight is the embedding's too: of its two uses only one would count; leave it out"
                .formatted(expression, layer.name()));
      }
    }
    return layers;
  }

  private Predicate<Linear> predicate() {
    return switch (expression) {
      case "mlp" -> layer -> layer.role() == Role.MLP;
      case "attention" -> layer -> layer.role() == Role.ATTENTION;
      case "linear" -> layer -> layer.role() != Role.HEAD;
      default -> {
        try {
          Pattern pattern = Pattern.compile(expression);
          yield layer -> pattern.matcher(layer.name()).matches();
        } catch (PatternSyntaxException e) {
          throw new InvalidInputException(
              "--layers '%s' is neither mlp, attention, linear nor a regular expression: %s"
                  .formatted(expression, e.getDescription()),
              e);
        }
      }
    };
  }
}
