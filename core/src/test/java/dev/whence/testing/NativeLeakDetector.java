package dev.whence.testing;

import dev.whence.tensor.Scope;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.AssertionFailedError;

/**
 * Fails a test that leaves native tensors behind. Runs around every test, by JUnit's service
 * loading; to see where they were made, run with {@code
 * -Dorg.bytedeco.javacpp.nativeAllocationTracer=true}.
 */
public final class NativeLeakDetector implements BeforeEachCallback, AfterEachCallback {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(NativeLeakDetector.class);

  @Override
  public void beforeEach(ExtensionContext context) {
    context.getStore(NAMESPACE).put("before", Scope.liveNativeObjects());
  }

  @Override
  public void afterEach(ExtensionContext context) {
    long before = context.getStore(NAMESPACE).getOrDefault("before", Long.class, 0L);
    long left = Scope.liveNativeObjects() - before;
    if (left > 0 && context.getExecutionException().isEmpty()) {
      throw new AssertionFailedError(left + " native objects were left behind by this test");
    }
  }
}
