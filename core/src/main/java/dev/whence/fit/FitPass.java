package dev.whence.fit;

import dev.whence.Cadence;
import dev.whence.Progress;
import dev.whence.corpus.Corpus;
import dev.whence.corpus.Selection;
import dev.whence.model.LanguageModel;
import dev.whence.model.Linear;
import dev.whence.trace.CorpusPass;
import dev.whence.trace.InTurns;
import dev.whence.trace.PassCheckpoint;
import dev.whence.trace.PassRanges;
import dev.whence.trace.PassState;
import dev.whence.trace.Targets;
import dev.whence.trace.Trace;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * One pass of a fit over its sequences, which begins at its last checkpoint. Several devices take
 * the corpus's ranges in turn; merged in order, their sums are those of one device, to the last
 * bit.
 */
record FitPass(
    Corpus corpus,
    Selection selection,
    PassRanges ranges,
    Targets targets,
    PassCheckpoint checkpoint,
    int checkpointSeconds) {

  /**
   * A model on a device, and what it sums up there.
   *
   * @param bases that belong to the share and go with it
   */
  record Share(LanguageModel model, List<Linear> layers, PassState state, Optional<Bases> bases)
      implements AutoCloseable {
    @Override
    public void close() {
      state.close();
      bases.ifPresent(Bases::close);
    }
  }

  long sequences() {
    return selection.count();
  }

  /**
   * Goes through the sequences.
   *
   * @param whole has the sums over all of them, and sums them up itself where there are no shares
   * @param shares of several devices
   * @param tokens of a batch
   */
  void run(Share whole, List<Share> shares, int tokens, Progress.Stage stage) {
    long start = checkpoint.restore(whole.state);
    stage.advance(start);
    Cadence cadence = new Cadence(checkpointSeconds);
    LongConsumer chunkDone =
        next -> {
          if (cadence.due() || next == selection.count()) {
            checkpoint.save(whole.state, next, !ranges.endsRange(next));
            cadence.restart();
          }
        };
    if (shares.isEmpty()) {
      sum(whole, new PassRanges.Range(start, selection.count()), tokens, chunkDone, stage);
    } else if (start < selection.count()) {
      // A range that one device began is ended by one.
      boolean begun = start > 0 && !ranges.endsRange(start);
      int range = ranges.rangeAt(start);
      if (begun) {
        long end = ranges.range(range).to();
        sum(whole, new PassRanges.Range(start, end), tokens, chunkDone, stage);
      }
      shareOut(whole, shares, begun ? range + 1 : range, tokens, chunkDone, stage);
    }
  }

  private void shareOut(
      Share whole,
      List<Share> shares,
      int first,
      int tokens,
      LongConsumer chunkDone,
      Progress.Stage stage) {
    InTurns.run(
        first,
        ranges.count(),
        shares.stream()
            .<InTurns.Worker>map(share ->
                piece -> {
                  PassRanges.Range range = ranges.range(piece);
                  share.state.reset();
                  sum(share, range, tokens, _ -> {}, _ -> {});
                  return () -> {
                    whole.state.merge(share.state);
                    stage.advance(range.to() - range.from());
                    chunkDone.accept(range.to());
                  };
                })
            .toList());
  }

  private void sum(
      Share share,
      PassRanges.Range range,
      int tokens,
      LongConsumer chunkDone,
      Progress.Stage stage) {
    new CorpusPass(corpus, selection, ranges, tokens, share.model.device())
        .run(
            range,
            (_, batch) ->
                share.state.add(Trace.of(share.model, share.layers, batch, targets), batch),
            next -> {
              share.state.endChunk(ranges.endsRange(next));
              share.state.requireFinite();
              chunkDone.accept(next);
            },
            stage);
  }
}
