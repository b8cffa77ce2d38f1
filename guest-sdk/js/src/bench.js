/** The cases of a plugin, in the shape of tinybench. */
import { caseOf } from './options.js';

export class Bench {
  #cases = new Map();

  /** Adds a case; see index.d.ts for the options. Returns the bench, so that calls can be chained. */
  add(name, fn, options = {}) {
    const added = caseOf(name, fn, options);
    if (this.#cases.has(name)) {
      throw new TypeError(`two cases are named ${JSON.stringify(name)}`);
    }
    this.#cases.set(name, added);
    return this;
  }

  /** The cases, in the order in which they were added. */
  get cases() {
    return [...this.#cases.values()];
  }
}
