/**
 * Tells whether anything changed since a component was built: `dyno run` builds each time, and
 * componentize-js takes ten seconds.
 */
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Made from other files, or none of JavaScript's business. */
const SKIPPED = new Set(['node_modules', 'target', 'build', '__pycache__']);

/**
 * Stands for names, sizes and times of all files in some directories, but for hidden ones and those
 * where output goes, and for some texts.
 */
export function fingerprint(roots, outputDirectory, extra) {
  const hash = createHash('sha256');
  for (const text of extra) {
    hash.update(`${text}\0`);
  }
  for (const root of roots) {
    for (const path of [...filesIn(root, resolve(outputDirectory))].sort()) {
      const { size, mtimeMs } = statSync(path);
      hash.update(`${path}\0${size}\0${mtimeMs}\0`);
    }
  }
  return hash.digest('hex');
}

function* filesIn(directory, outputDirectory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.name.startsWith('.') || path === outputDirectory) {
      continue;
    }
    if (entry.isFile()) {
      yield path;
    } else if (entry.isDirectory() && !SKIPPED.has(entry.name)) {
      yield* filesIn(path, outputDirectory);
    }
  }
}
