/**
 * Write Dyno benchmark plugins in JavaScript: add the functions to be measured to a `Bench`, and
 * make that the default export.
 */
export { Bench } from './bench.js';
export { blackBox } from './black-box.js';
export { checksum, Tuple } from './checksum.js';
export { SplitMix64 } from './splitmix.js';
