/**
 * Of what componentize-js says when a plugin's top level throws, the sentence that matters, with the
 * line of the plugin's own file instead of that of the bundle.
 */
import { SourceMap } from 'node:module';
import { basename, isAbsolute, relative, resolve } from 'node:path';

const THROWN = /^Exception while evaluating top-level script\n\S+ (.+)$/m;
const FRAME = /plugin\.js:(\d+):(\d+)/g;

/** `src/bench.js:7: TypeError: ...`; the message as it is, if it is about something else. */
export function failure(message, map, sdk) {
  const thrown = THROWN.exec(message);
  if (thrown === null) {
    return message;
  }
  const sources = new SourceMap(map);
  for (const [, line, column] of message.matchAll(FRAME)) {
    const { originalSource, originalLine } = sources.findEntry(line - 1, column - 1);
    if (originalSource && !isWithin(sdk, originalSource) && basename(originalSource) !== ENTRY) {
      return `${originalSource}:${originalLine + 1}: ${thrown[1]}`;
    }
  }
  return thrown[1];
}

/** The name that `bundle.js` gives to what it writes itself. */
export const ENTRY = 'dyno-plugin.js';

function isWithin(directory, path) {
  const way = relative(directory, resolve(path));
  return !way.startsWith('..') && !isAbsolute(way);
}
