package dev.whence.lab.evaluation;

import dev.whence.lab.data.ExampleSet;
import dev.whence.model.Linear;
import dev.whence.model.Model;
import java.util.List;

/**
 * A trained model, what it was trained on and what it is asked about.
 *
 * @param layers whose weights count as the parameters; the others stay as they are
 * @param asked a measurement each: its log-likelihood
 * @param batch examples that go through the model at a time
 */
public record Task(
    String name,
    Model model,
    List<Linear> layers,
    ExampleSet training,
    ExampleSet asked,
    int batch) {}
