package dev.whence.lab.data;

import dev.whence.InvalidInputException;
import dev.whence.folder.AtomicFile;
import dev.whence.folder.GitLfs;
import dev.whence.tensor.DType;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Labelled images as MNIST and Fashion-MNIST come: gzipped IDX files of bytes.
 *
 * @param pixels from 0 to 255, image after image
 * @param labels the class of each image, from 0
 * @param side of an image, in pixels
 */
public record IdxImages(byte[] pixels, byte[] labels, int side) {
  /** The mean over all training images of Fashion-MNIST, of pixels scaled to [0, 1]. */
  private static final float MEAN = 0.2860f;

  private static final float DEVIATION = 0.3530f;
  private static final int IMAGES = 0x803;
  private static final int LABELS = 0x801;

  /** The training images of a folder with Fashion-MNIST's file names. */
  public static IdxImages training(Path folder) {
    return read(folder, "train");
  }

  /** The test images of a folder with Fashion-MNIST's file names. */
  public static IdxImages test(Path folder) {
    return read(folder, "t10k");
  }

  private static IdxImages read(Path folder, String prefix) {
    Path images = folder.resolve(prefix + "-images-idx3-ubyte.gz");
    Path labels = folder.resolve(prefix + "-labels-idx1-ubyte.gz");
    if (!Files.exists(images) || !Files.exists(labels)) {
      throw new InvalidInputException(
          folder
              + " has no "
              + images.getFileName()
              + " and "
              + labels.getFileName()
              + "; install Debian's package dataset-fashion-mnist, or name the folder that has them");
    }
    GitLfs.requireContent(images);
    GitLfs.requireContent(labels);
    try (DataInputStream image = open(images);
        DataInputStream label = open(labels)) {
      int count = header(image, IMAGES, images);
      int side = image.readInt();
      if (image.readInt() != side || side < 1 || side > 1024) {
        throw new InvalidInputException(images + " does not hold square images");
      }
      if (header(label, LABELS, labels) != count) {
        throw new InvalidInputException(images + " and " + labels + " differ in their number");
      }
      byte[] pixels = whole(image, Math.multiplyExact(count, side * side), images);
      return new IdxImages(pixels, whole(label, count, labels), side);
    } catch (EOFException | ZipException | ArithmeticException e) {
      throw new InvalidInputException(
          "%s or %s is damaged or cut short; install it again".formatted(images, labels), e);
    } catch (IOException e) {
      throw AtomicFile.unreadable(images, e);
    }
  }

  private static DataInputStream open(Path file) throws IOException {
    InputStream raw = Files.newInputStream(file);
    try {
      return new DataInputStream(new GZIPInputStream(raw));
    } catch (IOException e) {
      raw.close();
      throw e;
    }
  }

  private static int header(DataInputStream in, int magic, Path file) throws IOException {
    if (in.readInt() != magic) {
      throw new InvalidInputException(file + " is not an IDX file of bytes");
    }
    int count = in.readInt();
    if (count < 1) {
      throw new InvalidInputException(file + " holds nothing");
    }
    return count;
  }

  private static byte[] whole(DataInputStream in, int length, Path file) throws IOException {
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new InvalidInputException(
          "%s ends after %d of %d bytes; it is cut off".formatted(file, bytes.length, length));
    }
    return bytes;
  }

  public int size() {
    return labels.length;
  }

  /** The first {@code count} images, shifted and scaled as is usual for Fashion-MNIST. */
  public Dataset first(int count, DType type) {
    int size = Math.min(count, size());
    float[] features = new float[size * side * side];
    for (int i = 0; i < features.length; i++) {
      features[i] = ((pixels[i] & 0xff) / 255f - MEAN) / DEVIATION;
    }
    long[] classes = new long[size];
    for (int i = 0; i < size; i++) {
      classes[i] = labels[i];
    }
    return Dataset.classes(features, classes, type);
  }
}
