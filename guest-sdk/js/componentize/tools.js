/**
 * Finds the tools in the plugin's own node_modules. They are not dependencies of this package: its
 * directory may lie elsewhere, and Node would then look for them beside it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A package of the plugin: its version, and a function that loads it. */
export function packageOf(folder, name) {
  const root = join(folder, 'node_modules', name);
  let manifest;
  try {
    manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  } catch {
    throw new Error(`${name} is not installed: run install.js of the SDK first`);
  }
  const entry = manifest.exports?.import ?? manifest.main;
  return {
    version: manifest.version,
    load: () => import(pathToFileURL(join(root, entry)).href),
  };
}
