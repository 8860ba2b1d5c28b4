package dev.whence.lab.model;

import dev.whence.model.Linear;
import dev.whence.model.Tap;
import dev.whence.tensor.DType;
import dev.whence.tensor.Functions;
import dev.whence.tensor.Tensor;
import dev.whence.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A residual network after He et al. (2016) for small square images of one channel: a convolution,
 * three stages of blocks of two convolutions, of which the later stages halve the image and double
 * the channels, the mean over the image, and a linear layer. Three blocks a stage make ResNet-20.
 *
 * <p>Each example is normalised by itself, over all channels and places, where the paper has batch
 * normalisation: an example's output, and so its influence, then does not depend on the examples
 * beside it, and there are no parameters but those of the layers.
 */
public final class ResNet extends SmallModel {
  private static final double EPSILON = 1e-5;

  private record Block(Convolution first, Convolution second, Optional<Convolution> shortcut) {}

  private final int side;
  private final Convolution stem;
  private final List<Block> blocks = new ArrayList<>();
  private final Linear head;

  /**
   * Makes an untrained network.
   *
   * @param side of the images, in pixels
   * @param channels of the first stage: 16 in the paper
   * @param blocksPerStage 3 for ResNet-20
   */
  public ResNet(int side, int channels, int blocksPerStage, int classes, long seed, DType type) {
    this(new Layers(seed, type), side, channels, blocksPerStage, classes);
  }

  private ResNet(Layers layers, int side, int channels, int blocksPerStage, int classes) {
    super(layers);
    this.side = side;
    this.stem = Convolution.of(layers, "stem", 1, channels, 3, 1, 2);
    int in = channels;
    for (int stage = 0; stage < 3; stage++) {
      int out = channels << stage;
      for (int b = 0; b < blocksPerStage; b++) {
        String name = "stage." + stage + ".block." + b;
        int stride = stage > 0 && b == 0 ? 2 : 1;
        blocks.add(
            new Block(
                Convolution.of(layers, name + ".first", in, out, 3, stride, 2),
                Convolution.of(layers, name + ".second", out, out, 3, 1, 1),
                stride == 1
                    ? Optional.empty()
                    : Optional.of(
                        Convolution.of(layers, name + ".shortcut", in, out, 1, stride, 1))));
        in = out;
      }
    }
    this.head = layers.linear("head", in, classes, 1);
  }

  @Override
  public Tensor outputs(Tensor inputs, Tap tap) {
    Tensor x = inputs.reshape(inputs.size(0), 1, side, side);
    x = Functions.relu(normalised(stem.apply(x, tap)));
    for (Block block : blocks) {
      Tensor h = Functions.relu(normalised(block.first.apply(x, tap)));
      h = normalised(block.second.apply(h, tap));
      Tensor skipped = x;
      if (block.shortcut.isPresent()) {
        skipped = block.shortcut.get().apply(x, tap);
      }
      x = Functions.relu(h.plus(skipped));
    }
    Tensor mean = x.reshape(x.size(0), x.size(1), -1).mean(2); // [batch, channels]
    return head.apply(mean.unsqueeze(1), tap);
  }

  private static Tensor normalised(Tensor x) {
    Tensor flat = x.reshape(x.size(0), -1);
    Tensor ones = Tensors.ones(x.type(), x.device(), flat.size(1));
    return Functions.layerNorm(flat, ones, ones.times(0), EPSILON).reshape(x.shape());
  }
}
