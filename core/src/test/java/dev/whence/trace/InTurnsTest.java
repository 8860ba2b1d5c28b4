package dev.whence.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class InTurnsTest {
  @Test
  void resultsAreTakenInOrderHoweverManyWorkThere() {
    for (int workers = 1; workers <= 4; workers++) {
      List<Integer> taken = Collections.synchronizedList(new ArrayList<>());
      InTurns.run(3, 20, Collections.nCopies(workers, piece -> () -> taken.add(piece)));
      assertThat(taken)
          .as("%d workers", workers)
          .containsExactlyElementsOf(IntStream.range(3, 20).boxed().toList());
    }
  }

  @Test
  void piecesAreDoneSideBySide() {
    CountDownLatch both = new CountDownLatch(2);
    InTurns.Worker worker =
        _ -> {
          both.countDown();
          try {
            both.await(); // for ever, were one done after the other
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          return () -> {};
        };
    InTurns.run(0, 2, List.of(worker, worker));
    assertThat(both.getCount()).isZero();
  }

  @Test
  void nothingIsTakenAfterAFailure() {
    Set<Integer> taken = new ConcurrentSkipListSet<>();
    InTurns.Worker worker =
        piece -> {
          if (piece == 5) {
            throw new IllegalStateException("piece 5");
          }
          return () -> taken.add(piece);
        };
    assertThatThrownBy(() -> InTurns.run(0, 100, List.of(worker, worker, worker)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("piece 5");
    assertThat(taken).isSubsetOf(0, 1, 2, 3, 4);
  }

  @Test
  void failureToTakeAResultIsReportedToo() {
    InTurns.Worker worker =
        piece ->
            () -> {
              if (piece == 2) {
                throw new OutOfMemoryError("at piece 2");
              }
            };
    assertThatThrownBy(() -> InTurns.run(0, 9, List.of(worker, worker)))
        .isInstanceOf(OutOfMemoryError.class)
        .hasMessage("at piece 2");
  }

  @Test
  void thereMayBeNothingToDo() {
    InTurns.run(
        4,
        4,
        List.of(_ -> {
          throw new AssertionError("no piece");
        }));
  }
}
