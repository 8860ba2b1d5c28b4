package dev.whence.cli;

import dev.whence.folder.Provenance;
import picocli.CommandLine;

/** Prints the program's version. */
final class Version implements CommandLine.IVersionProvider {
  @Override
  public String[] getVersion() {
    return new String[] {"whence " + Provenance.VERSION};
  }
}
