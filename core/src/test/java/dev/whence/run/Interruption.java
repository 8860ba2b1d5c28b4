package dev.whence.run;

import dev.whence.Progress;
import java.util.ArrayList;
import java.util.List;

/** Writes down all progress, and breaks off the work at one of its reports. */
public final class Interruption implements Progress {
  /** Stands for the power cut. */
  public static final class PowerCut extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private final int last;
  private final List<String> reports = new ArrayList<>();

  private Interruption(int last) {
    this.last = last;
  }

  /** Breaks off at the report of this number, from 1. */
  public static Interruption at(int report) {
    return new Interruption(report);
  }

  /** Never breaks off. */
  public static Interruption never() {
    return new Interruption(Integer.MAX_VALUE);
  }

  /** What was reported: {@code "scanning"} at a stage's start, {@code "scanning 3"} after that. */
  public List<String> reports() {
    return reports;
  }

  @Override
  public Stage begin(String what, long total, String unit) {
    report(what);
    return amount -> report(what + " " + amount);
  }

  private void report(String report) {
    reports.add(report);
    if (reports.size() == last) {
      throw new PowerCut();
    }
  }
}
