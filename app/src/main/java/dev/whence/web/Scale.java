package dev.whence.web;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * Maps values to coordinates along an axis.
 *
 * @param ticks the values that label the axis
 */
record Scale(
    double low, double high, double from, double to, boolean logarithmic, List<Double> ticks) {

  /** A linear scale whose ticks are round numbers; it reaches a little past its data. */
  static Scale linear(double low, double high, double from, double to) {
    double span = high > low ? high - low : 1;
    double step = Math.pow(10, Math.floor(Math.log10(span / 4)));
    step *= span / step > 20 ? 5 : span / step > 8 ? 2 : 1;
    List<Double> ticks = new ArrayList<>();
    for (double t = Math.ceil(low / step) * step; t <= high + step * 1e-9; t += step) {
      ticks.add(Math.abs(t) < step * 1e-9 ? 0 : t);
    }
    return new Scale(low, low + span, from, to, false, ticks);
  }

  /** A logarithmic scale over positive values, with a tick at each power of ten. */
  static Scale log(double low, double high, double from, double to) {
    double top = high > low ? high : low * 10;
    List<Double> ticks = new ArrayList<>();
    for (int p = (int) Math.ceil(Math.log10(low) - 1e-9); p <= Math.log10(top) + 1e-9; p++) {
      ticks.add(Math.pow(10, p));
    }
    return new Scale(low, top, from, to, true, ticks);
  }

  /** The coordinate of a value. */
  double at(double value) {
    DoubleUnaryOperator shape = logarithmic ? Math::log : DoubleUnaryOperator.identity();
    double l = shape.applyAsDouble(low);
    double h = shape.applyAsDouble(high);
    return from + (shape.applyAsDouble(value) - l) / (h - l) * (to - from);
  }
}
