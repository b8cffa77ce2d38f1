/**
 * Builds a component from a plugin's JavaScript or TypeScript, if anything changed. Says so in one
 * line, or why it could not.
 *
 *     node dyno/build.js src/bench.js -o build/plugin.wasm
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle } from './componentize/bundle.js';
import { failure } from './componentize/failure.js';
import { fingerprint } from './componentize/inputs.js';
import { packageOf } from './componentize/tools.js';

const SDK = dirname(fileURLToPath(import.meta.url));
const USAGE = 'usage: node build.js SOURCE -o COMPONENT';

try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function main() {
  const { source, output } = argumentsOf(process.argv.slice(2));
  const folder = process.cwd();
  const componentizeJs = packageOf(folder, '@bytecodealliance/componentize-js');
  const esbuild = packageOf(folder, 'esbuild');

  const lock = readFileSync('package-lock.json', 'utf8');
  const extra = [source, process.version, componentizeJs.version, esbuild.version, lock];
  const inputs = fingerprint([folder, SDK], dirname(output), extra);
  const stamp = `${output}.inputs`;
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs) {
    console.log(`${output} is up to date`);
    return;
  }

  mkdirSync(dirname(output), { recursive: true });
  rmSync(stamp, { force: true });
  const { default: bundler } = await esbuild.load();
  const { text, map } = await bundle(bundler, resolve(source));
  const { componentize } = await componentizeJs.load();
  let component;
  try {
    component = await toComponent(componentize, text, dirname(output));
  } catch (error) {
    throw new Error(failure(error.message, map, SDK));
  }
  writeFileSync(output, component);
  writeFileSync(stamp, inputs);
  console.log(`${output}: ${(component.length / 1e6).toFixed(1)} MB`);
}

function argumentsOf(argv) {
  let parsed;
  try {
    parsed = parseArgs({
      args: argv,
      options: { output: { type: 'string', short: 'o' } },
      allowPositionals: true,
    });
  } catch (error) {
    throw new Error(`${error.message}\n${USAGE}`);
  }
  const { positionals, values } = parsed;
  if (positionals.length !== 1 || values.output === undefined) {
    throw new Error(USAGE);
  }
  const [source] = positionals;
  if (!existsSync(source)) {
    throw new Error(`${source}: there is no such file`);
  }
  return { source, output: values.output };
}

/** Runs the bundle's top level and takes the snapshot of the engine that becomes the component. */
async function toComponent(componentize, text, directory) {
  const scratch = mkdtempSync(join(directory, 'componentize-'));
  try {
    const sourcePath = join(scratch, 'plugin.js');
    writeFileSync(sourcePath, text);
    const { component } = await componentize({
      sourcePath,
      witPath: join(SDK, 'wit', 'dyno-bench.wit'),
      worldName: 'plugin',
      // Dyno refuses sockets and HTTP; clocks, random numbers and output stay.
      disableFeatures: ['http', 'fetch-event'],
    });
    return component;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
