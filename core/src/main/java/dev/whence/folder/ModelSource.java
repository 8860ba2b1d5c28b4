package dev.whence.folder;

/**
 * The checkpoint that a folder was made from.
 *
 * @param folder as an absolute path
 * @param architecture as its {@code config.json} spells it
 * @param sha256 over its config and weights
 */
public record ModelSource(String folder, String architecture, String sha256) {}
