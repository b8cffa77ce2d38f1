/**
 * Runs cases in Node, so that they can be tested before they are measured. A small stand-in for the
 * host asks for a few batches and watches that the contract is kept; it measures nothing.
 */
import { run } from './runner.js';

/** The iterations of the batches that a case is asked for. */
export const BATCHES = [1n, 3n, 10n];

/** A host that asks for batches and keeps their checksums. */
export class StandIn {
  checksums = [];
  #batches;
  #asked = false;
  #running = false;
  #pairs = 0;

  constructor(batches = BATCHES) {
    this.#batches = batches.values();
  }

  next(checksum) {
    if (this.#running) {
      throw new Error('a batch ended between start and stop');
    }
    if (this.#asked) {
      if (this.#pairs === 0) {
        throw new Error('a batch has no pair of start and stop');
      }
      this.checksums.push(checksum);
    }
    this.#asked = true;
    this.#pairs = 0;
    return this.#batches.next().value;
  }

  start() {
    if (this.#running) {
      throw new Error('start was called twice');
    }
    this.#running = true;
  }

  stop() {
    if (!this.#running) {
      throw new Error('stop was called before start');
    }
    this.#running = false;
    this.#pairs += 1;
  }
}

/**
 * Runs a case for a few batches and resolves to its checksum. Rejects with what the case throws,
 * or for a checksum that changes or is not the expected one.
 */
export async function runCase(bench, name) {
  const entry = bench.cases.find((known) => known.name === name);
  if (entry === undefined) {
    throw new Error(`there is no case named ${JSON.stringify(name)}`);
  }
  const host = new StandIn();
  await run(entry, host);
  const hex = (sum) => `0x${sum.toString(16)}`;
  const [first] = host.checksums;
  if (host.checksums.some((other) => other !== first)) {
    throw new Error(`${name}: the batches' checksums are ${host.checksums.map(hex).join(', ')}`);
  }
  if (entry.expected !== undefined && entry.expected !== first) {
    throw new Error(`${name}: the checksum is ${hex(first)} where ${hex(entry.expected)} was expected`);
  }
  return first;
}

/** Runs every case; resolves to a Map of their checksums by name. */
export async function runAll(bench) {
  const checksums = new Map();
  for (const { name } of bench.cases) {
    checksums.set(name, await runCase(bench, name));
  }
  return checksums;
}
