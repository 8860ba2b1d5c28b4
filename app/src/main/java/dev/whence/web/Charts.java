package dev.whence.web;

import dev.whence.results.ResultsFolder.LayerInfluence;
import dev.whence.store.Distribution;
import dev.whence.web.Chart.Box;
import dev.whence.web.Chart.Dot;
import dev.whence.web.Chart.Label;
import dev.whence.web.Chart.Line;
import dev.whence.web.Chart.Mark;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The charts of the pages. */
final class Charts {
  private static final int WIDTH = 520;
  private static final int HEIGHT = 300;
  private static final int LEFT = 62;
  private static final int RIGHT = 30;
  private static final int TOP = 10;
  private static final int BOTTOM = 40;
  private static final int LINE = 12;
  private static final int NAME = 60;

  /** The smallest influence drawn in the chart of the tail, as a fraction of the largest. */
  private static final double SMALLEST = 1e-4;

  private Charts() {}

  /** A bar for each layer: the influence through it. */
  static Chart layers(String id, String title, List<LayerInfluence> layers) {
    double largest = layers.stream().mapToDouble(l -> Math.abs(l.influence())).max().orElse(0);
    double total = layers.stream().mapToDouble(LayerInfluence::influence).sum();
    int step = layers.size() > 24 ? 12 : 20;
    int left =
        24 + 7 * layers.stream().mapToInt(l -> Show.layer(l.layer()).length()).max().orElse(0);
    int room = Math.max(80, WIDTH - left - 70);
    List<Mark> marks = new ArrayList<>();
    for (int l = 0; l < layers.size(); l++) {
      LayerInfluence layer = layers.get(l);
      double y = TOP + (double) l * step;
      double length = largest > 0 ? room * Math.abs(layer.influence()) / largest : 0;
      String tip = "%s: %s nats".formatted(layer.layer(), Show.influence(layer.influence()));
      marks.add(
          Box.at(left, y + 2, length, step - 4, layer.influence() < 0 ? "lower" : "raise", tip));
      marks.add(Label.at(left - 6, y + step / 2.0 + 4, Show.layer(layer.layer()), "end small"));
      if (total != 0 && step == 20) {
        marks.add(
            Label.at(
                left + length + 5,
                y + step / 2.0 + 4,
                Show.percent(layer.influence() / total),
                "start small"));
      }
    }
    String strongest =
        layers.stream()
            .max(Comparator.comparingDouble(l -> Math.abs(l.influence())))
            .filter(_ -> largest > 0)
            .map(l ->
                total == 0 || l.influence() / total < 0
                    ? "Most comes through %s".formatted(Show.layer(l.layer()))
                    : "%s of it comes through %s, the most"
                        .formatted(Show.percent(l.influence() / total), Show.layer(l.layer())))
            .orElse("No layer has influence");
    return new Chart(
        id,
        left + room + 70,
        TOP + layers.size() * step + 8,
        strongest,
        "%s: each of %d layers.".formatted(title, layers.size()),
        "",
        "",
        marks);
  }

  /**
   * How many sequences have at least a given influence, on log axes, with the power law fitted to
   * the tail; empty when too few have a positive influence.
   */
  static Optional<Chart> tail(String id, Distribution distribution) {
    List<Distribution.Point> tail = distribution.tail();
    if (tail.size() < 3) {
      return Optional.empty();
    }
    double most = tail.getFirst().influence();
    double least = Math.max(tail.getLast().influence(), most * SMALLEST);
    Scale x = Scale.log(least, most, LEFT, WIDTH - RIGHT);
    Scale y = Scale.log(1, (double) tail.getLast().rank(), HEIGHT - BOTTOM, TOP);
    List<Mark> marks = axes(x, y);
    for (Distribution.Point point : tail) {
      if (point.influence() >= least) {
        marks.add(
            dot(
                x.at(point.influence()),
                y.at((double) point.rank()),
                2.5,
                "raise",
                "%s sequences have %s nats or more"
                    .formatted(Show.count(point.rank()), Show.number(point.influence())),
                ""));
      }
    }
    String law =
        distribution
            .law()
            .map(p -> {
              double there = Math.min(most, p.least() * Math.pow(p.sequences(), 1 / p.exponent()));
              marks.add(
                  line(
                      "fit",
                      x.at(p.least()),
                      y.at(p.sequences()),
                      x.at(there),
                      y.at(p.sequences() * Math.pow(there / p.least(), -p.exponent()))));
              return "A power law fitted to the %d strongest has the exponent %s ± %s."
                  .formatted(
                      p.sequences(),
                      Show.decimal(p.exponent()),
                      Show.decimal(p.exponent() / Math.sqrt(p.sequences())));
            })
            .orElse("Too few raise it for a power law to be fitted.");
    return Optional.of(
        new Chart(
            id,
            WIDTH,
            HEIGHT,
            "How many sequences have at least so much influence",
            law,
            "influence, nats",
            "sequences",
            marks));
  }

  /**
   * The share of the total positive influence that the strongest sequences hold, against their
   * share of all sequences; empty when too few have a positive influence.
   */
  static Optional<Chart> shares(String id, Distribution distribution) {
    List<Distribution.Share> shares = distribution.shares();
    if (shares.size() < 3) {
      return Optional.empty();
    }
    Scale x =
        Scale.log(
            100 * shares.getFirst().ofSequences(),
            100 * shares.getLast().ofSequences(),
            LEFT,
            WIDTH - RIGHT);
    Scale y = Scale.linear(0, 100, HEIGHT - BOTTOM, TOP);
    List<Mark> marks = axes(x, y);
    marks.add(
        new Line(
            shares.stream()
                .map(s -> point(x.at(100 * s.ofSequences()), y.at(100 * s.ofInfluence())))
                .collect(Collectors.joining(" ")),
            "raise"));
    for (Distribution.Share s : shares) {
      marks.add(
          dot(
              x.at(100 * s.ofSequences()),
              y.at(100 * s.ofInfluence()),
              4,
              "hover",
              "the strongest %s (%s of all) hold %s"
                  .formatted(
                      Show.count(s.sequences()),
                      Show.percent(s.ofSequences()),
                      Show.percent(s.ofInfluence())),
              ""));
    }
    Distribution.Share percent =
        shares.stream().filter(s -> s.ofSequences() >= 0.01).findFirst().orElse(shares.getLast());
    return Optional.of(
        new Chart(
            id,
            WIDTH,
            HEIGHT,
            "The strongest %s of the sequences hold %s of what raises it"
                .formatted(
                    Show.percent(percent.ofSequences()), Show.percent(percent.ofInfluence())),
            "The share of the positive influence that the strongest sequences hold.",
            "strongest sequences, % of all",
            "% of influence",
            marks));
  }

  /** A pair of influences that one sequence has in two results. */
  record Pair(double x, double y, String tip, String href) {}

  /**
   * A sequence's ranks in two results; {@link Integer#MAX_VALUE} where it is not among those that
   * were kept.
   */
  record Move(String name, int left, int right) {}

  /** Ranks in two results, a line for each sequence; those beyond {@code most} end below. */
  static Chart moves(String id, int most, List<Move> moves) {
    int left = 190;
    int right = WIDTH + 60 - left;
    int step = 18;
    List<Mark> marks = new ArrayList<>();
    int same = 0;
    for (Move move : moves) {
      double from = TOP + step * (Math.min(move.left, most + 1) - 0.5);
      double to = TOP + step * (Math.min(move.right, most + 1) - 0.5);
      String way =
          move.left == move.right ? "move" : move.left < move.right ? "move down" : "move up";
      marks.add(line(way, left, from, right, to));
      if (move.left <= most) {
        marks.add(Label.at(left - 6, from + 4, rankedName(move.left, move.name), "end small"));
      }
      if (move.right <= most) {
        marks.add(Label.at(right + 6, to + 4, rankedName(move.right, move.name), "start small"));
      }
      same += move.left <= most && move.right <= most ? 1 : 0;
    }
    marks.add(Label.at(left - 6, TOP + step * (most + 0.5) + 4, "beyond", "end small"));
    marks.add(Label.at(right + 6, TOP + step * (most + 0.5) + 4, "beyond", "start small"));
    return new Chart(
        id,
        WIDTH + 60,
        TOP + step * (most + 1) + 8,
        "%d of the first %d are the same"
            .formatted(same, Math.max(same, moves.stream().filter(m -> m.left <= most).count())),
        "The ranks of the sequences that raise it most, on the left and on the right.",
        "",
        "",
        marks);
  }

  private static String rankedName(int rank, String name) {
    return rank + "  " + Show.shortened(name, 24);
  }

  /** Two results' influences of the same sequences against each other. */
  static Chart scatter(String id, List<Pair> pairs, String xLabel, String yLabel) {
    double lowX = pairs.stream().mapToDouble(Pair::x).min().orElse(0);
    double highX = pairs.stream().mapToDouble(Pair::x).max().orElse(1);
    double lowY = pairs.stream().mapToDouble(Pair::y).min().orElse(0);
    double highY = pairs.stream().mapToDouble(Pair::y).max().orElse(1);
    Scale x = Scale.linear(Math.min(0, lowX), Math.max(0, highX), LEFT, WIDTH - RIGHT);
    Scale y = Scale.linear(Math.min(0, lowY), Math.max(0, highY), HEIGHT - BOTTOM, TOP);
    List<Mark> marks = axes(x, y);
    for (Pair pair : pairs) {
      marks.add(dot(x.at(pair.x), y.at(pair.y), 3, "raise", pair.tip, pair.href));
    }
    return new Chart(
        id,
        WIDTH,
        HEIGHT,
        "Influence of the same sequences in both",
        "%d sequences that are among the strongest of both.".formatted(pairs.size()),
        xLabel,
        yLabel,
        marks);
  }

  /** Each method's quality, with its interval, against its cost. */
  static Chart againstCost(Plot.Words words, List<Plot.Point> points) {
    double cheapest = points.stream().mapToDouble(Plot.Point::cost).min().orElse(1);
    double dearest = points.stream().mapToDouble(Plot.Point::cost).max().orElse(1);
    double least = points.stream().mapToDouble(Plot.Point::low).min().orElse(0);
    Scale x =
        Scale.log(powerOfTen(cheapest, false), powerOfTen(dearest, true), LEFT, WIDTH - RIGHT);
    Scale y = Scale.linear(Math.min(0, least), 1, HEIGHT - BOTTOM, TOP);
    List<Mark> marks = axes(x, y);
    List<double[]> labels = new ArrayList<>(); // x and y of the labels placed so far
    for (Plot.Point point : points) {
      double across = x.at(point.cost());
      marks.add(line("whisker", across, y.at(point.low()), across, y.at(point.high())));
      marks.add(dot(across, y.at(point.quality()), 4, "raise", point.name(), ""));
      double[] place = {across, y.at(point.quality()) + 4};
      while (labels.stream().anyMatch(l -> overlap(l, place))) {
        place[1] += LINE;
      }
      labels.add(place);
      boolean left = across > WIDTH - 120.0;
      marks.add(Label.at(across + (left ? -8 : 8), place[1], point.name(), left ? "end" : "start"));
    }
    return new Chart(
        "against-cost",
        WIDTH,
        HEIGHT,
        words.title(),
        words.summary(),
        words.cost(),
        words.quality(),
        marks);
  }

  private static boolean overlap(double[] a, double[] b) {
    return Math.abs(a[0] - b[0]) < NAME && Math.abs(a[1] - b[1]) < LINE;
  }

  private static double powerOfTen(double value, boolean above) {
    double power = Math.log10(value);
    return Math.pow(10, above ? Math.ceil(power) : Math.floor(power));
  }

  private static List<Mark> axes(Scale x, Scale y) {
    List<Mark> marks = new ArrayList<>();
    for (double tick : x.ticks()) {
      marks.add(line("grid", x.at(tick), TOP, x.at(tick), HEIGHT - BOTTOM));
      marks.add(Label.at(x.at(tick), HEIGHT - BOTTOM + 14, tick(tick, x), "middle small"));
    }
    for (double tick : y.ticks()) {
      marks.add(line("grid", LEFT, y.at(tick), WIDTH - RIGHT, y.at(tick)));
      marks.add(Label.at(LEFT - 6, y.at(tick) + 4, tick(tick, y), "end small"));
    }
    return marks;
  }

  /** Formats a tick with just enough digits to tell neighbouring ticks apart. */
  private static String tick(double value, Scale scale) {
    if (scale.logarithmic()) {
      return value >= 1 ? Show.count(Math.round(value)) : String.valueOf((float) value);
    }
    double step = scale.ticks().size() > 1 ? scale.ticks().get(1) - scale.ticks().get(0) : 1;
    int digits = Math.clamp(-(long) Math.floor(Math.log10(step) + 1e-9), 0, 12);
    return String.format(Locale.ROOT, "%,." + digits + "f", value);
  }

  private static Dot dot(double x, double y, double radius, String looks, String tip, String href) {
    return new Dot(Show.decimal(x), Show.decimal(y), Show.decimal(radius), looks, tip, href);
  }

  private static Line line(String looks, double x1, double y1, double x2, double y2) {
    return new Line(point(x1, y1) + " " + point(x2, y2), looks);
  }

  private static String point(double x, double y) {
    return Show.decimal(x) + "," + Show.decimal(y);
  }
}
