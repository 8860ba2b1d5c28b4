package dev.whence.cli;

import dev.whence.Progress;
import dev.whence.web.Show;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Optional;

/**
 * Progress on standard error: a bar that is redrawn on a terminal, else a line now and then, or a
 * line of JSON a second for programs.
 */
public final class ConsoleProgress implements Progress {
  private static final int BAR = 24;
  private static final long REDRAW_NANOS = 200_000_000L;
  private static final long LINE_NANOS = 10_000_000_000L;
  private static final long JSON_NANOS = 1_000_000_000L;

  private static volatile boolean json; // of the whole process, as its standard error is

  private final PrintStream out;
  private final boolean terminal;

  /** For whom progress is. */
  enum Audience {
    TEXT,
    JSON
  }

  public ConsoleProgress() {
    this(System.err, !json && onTerminal());
  }

  /** Says for whom the progress of this process is. */
  static void setAudience(Audience audience) {
    json = audience == Audience.JSON;
  }

  /** How far a stage is, as programs read it. */
  private record Line(
      String stage,
      long done,
      long total,
      String unit,
      double rate,
      Optional<Double> secondsLeft,
      boolean ended) {}

  /** Whether people are watching. */
  static boolean onTerminal() {
    return System.console() != null && System.console().isTerminal();
  }

  ConsoleProgress(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  @Override
  public Stage begin(String what, long total, String unit) {
    return new Report(what, total, unit);
  }

  private final class Report implements Stage {
    private final String what;
    private final long total;
    private final String unit;
    private final long start = System.nanoTime();
    private long last = start;
    private long done;

    Report(String what, long total, String unit) {
      this.what = what;
      this.total = total;
      this.unit = unit;
    }

    @Override
    public void advance(long amount) {
      done += amount;
      long now = System.nanoTime();
      if (now - last >= (terminal ? REDRAW_NANOS : json ? JSON_NANOS : LINE_NANOS)) {
        last = now;
        show(now, false);
      }
    }

    @Override
    public void close() {
      show(System.nanoTime(), true);
    }

    private void show(long now, boolean end) {
      double seconds = Math.max(1e-9, (now - start) / 1e9);
      double rate = done / seconds;
      if (json) {
        Optional<Double> left =
            total > 0 && done > 0 ? Optional.of((total - done) / rate) : Optional.empty();
        out.println(Listing.json(new Line(what, done, total, unit, rate, left, end)));
        out.flush();
        return;
      }
      StringBuilder line = new StringBuilder(what).append(' ');
      if (total > 0 && !end) {
        double share = Math.min(1, (double) done / total);
        if (terminal) {
          int full = (int) (share * BAR);
          line.append('[').append("#".repeat(full)).append(".".repeat(BAR - full)).append("] ");
        }
        line.append(String.format(Locale.ROOT, "%,d/%s, ", done, Words.counted(total, unit)));
      } else {
        line.append(Words.counted(done, unit)).append(", ");
      }
      line.append(Show.number(rate)).append("/s, ");
      if (end) {
        line.append("took ").append(Words.time(seconds));
      } else if (total > 0 && done > 0) {
        line.append(Words.time((total - done) / rate)).append(" left");
      } else {
        line.append(Words.time(seconds));
      }
      if (terminal) {
        out.print("\r" + line + "\u001b[K" + (end ? "\n" : ""));
      } else {
        out.println(line);
      }
      out.flush();
    }
  }
}
