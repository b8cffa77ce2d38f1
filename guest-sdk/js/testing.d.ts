import type { Bench } from './index.js';

/** Runs a case for a few batches and resolves to its checksum, or rejects with what is wrong. */
export function runCase(bench: Bench, name: string): Promise<bigint>;

/** Runs every case; resolves to their checksums by name. */
export function runAll(bench: Bench): Promise<Map<string, bigint>>;
