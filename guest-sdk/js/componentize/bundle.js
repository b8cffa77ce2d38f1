/**
 * Puts a plugin and all that it imports into one module, because a component has no packages to
 * look anything up in. TypeScript and JSON become JavaScript on the way.
 */
import { basename, dirname } from 'node:path';
import { ENTRY } from './failure.js';

/** Imported from the host, when the component runs. */
const HOST = 'dyno:bench/*';

/** What the component starts from, in place of the plugin's own file. */
function entry(source) {
  return `import * as plugin from './${basename(source)}';
import { suiteOf } from 'dyno-guest/component';
export const suite = suiteOf(plugin.default);
`;
}

/**
 * The bundle of `source` as text, and its source map. Rejects with what esbuild says is wrong, file
 * and line.
 */
export async function bundle(esbuild, source) {
  try {
    const built = await esbuild.build({
      stdin: { contents: entry(source), resolveDir: dirname(source), sourcefile: ENTRY },
      bundle: true,
      write: false,
      outfile: 'plugin.js',
      sourcemap: 'external',
      format: 'esm',
      target: 'es2022',
      platform: 'neutral',
      // For packages from before "exports".
      mainFields: ['module', 'main'],
      external: [HOST],
      logLevel: 'silent',
    });
    const [map, code] = ['.map', '.js'].map((suffix) =>
      built.outputFiles.find(({ path }) => path.endsWith(suffix)),
    );
    return { text: code.text, map: JSON.parse(map.text) };
  } catch (error) {
    throw new Error((error.errors ?? []).map(located).join('\n') || error.message);
  }
}

function located({ text, location }) {
  return location ? `${location.file}:${location.line}: ${text}` : text;
}
