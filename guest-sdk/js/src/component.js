/**
 * What the component exports: the interface `suite` of the contract, over a bench. Imported in the
 * component alone, where the host's functions are.
 */
import * as host from 'dyno:bench/bench@0.1.0';
import { Bench } from './bench.js';
import { told } from './failure.js';
import { run } from './runner.js';

/** The interface `suite`. An error of the contract is a string that is thrown. */
export function suiteOf(bench) {
  if (!(bench instanceof Bench)) {
    throw new TypeError('the default export is not a Bench: end the file with `export default bench`');
  }
  return {
    cases() {
      return bench.cases.map(({ name, description, group, params, throughput, expected }) => ({
        name,
        description,
        group,
        params,
        throughput,
        expected,
      }));
    },

    async run(name) {
      const entry = bench.cases.find((known) => known.name === name);
      if (entry === undefined) {
        throw `there is no case named ${JSON.stringify(name)}`;
      }
      try {
        await run(entry, host);
      } catch (thrown) {
        throw told(thrown);
      }
    },
  };
}
