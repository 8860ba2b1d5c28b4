package dev.whence.plan;

/**
 * A stage of a run.
 *
 * @param name as the progress report has it
 * @param passes over the data
 * @param amount of {@code unit} that one pass handles
 * @param unit sequences, queries or layers
 * @param cost of all passes
 */
public record Phase(String name, int passes, double amount, String unit, Cost cost) {}
