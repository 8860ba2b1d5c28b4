package dev.whence.results;

import dev.whence.corpus.Sequence;

/**
 * One of a query's top sequences, as the tables store it.
 *
 * @param rank 1, 2, .. for those that raise the completion's log-probability, -1, -2, .. for those
 *     that lower it
 * @param influence nats per unit of weight on the sequence
 * @param refined whether its influence was computed with whole gradients
 * @param spiky whether a single token carries most of the influence
 * @param byToken the influence that passes through each position, over all layers: [positions]
 * @param byLayer the influence that passes through each layer, over all positions: [layers]
 */
public record RankedSequence(
    int rank,
    Sequence sequence,
    double influence,
    boolean refined,
    boolean spiky,
    double[] byToken,
    double[] byLayer) {}
