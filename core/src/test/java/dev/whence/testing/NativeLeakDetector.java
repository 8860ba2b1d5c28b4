package dev.whence.testing;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.AssertionFailedError;

/**
 * Fails a test that leaves native objects behind. A tensor must be freed by its scope or its owner:
 * none may be left, whether or not the garbage collector would find it. Other objects are small and
 * may be garbage; they must not be left after a collection. What an earlier test left as garbage is
 * collected before, so that it can hide nothing. Runs around every test, by JUnit's service
 * loading; to see where objects were made, run with {@code
 * -Dorg.bytedeco.javacpp.nativeAllocationTracer=true}.
 */
public final class NativeLeakDetector implements BeforeEachCallback, AfterEachCallback {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(NativeLeakDetector.class);
  private static final NativeObjects NONE = new NativeObjects(0, 0);

  @Override
  public void beforeEach(ExtensionContext context) {
    NativeObjects before = NativeObjects.alive();
    context
        .getStore(NAMESPACE)
        .put("before", before.equals(NONE) ? NONE : NativeObjects.afterCollection());
  }

  @Override
  public void afterEach(ExtensionContext context) {
    if (context.getExecutionException().isPresent()) {
      return;
    }
    NativeObjects before =
        context.getStore(NAMESPACE).getOrDefault("before", NativeObjects.class, NONE);
    NativeObjects after = NativeObjects.alive();
    if (after.tensors() > before.tensors()) {
      throw new AssertionFailedError(
          after.tensors() - before.tensors() + " tensors were left behind by this test");
    }
    if (after.others() > before.others()) {
      long left = NativeObjects.afterCollection().others() - before.others();
      if (left > 0) {
        throw new AssertionFailedError(
            left + " native objects that are no tensors were left behind by this test");
      }
    }
  }
}
