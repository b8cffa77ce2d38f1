/**
 * Turns what was passed to `bench.add` into a case, and says in one sentence what is wrong with it:
 * a misspelt option would otherwise be an option that does nothing.
 */
const KNOWN = [
  'description',
  'group',
  'params',
  'throughput',
  'expected',
  'async',
  'beforeAll',
  'beforeEach',
  'batch',
];

/** The case that a call of `bench.add` describes. */
export function caseOf(name, fn, options) {
  const wrong = (what) => new TypeError(`${name}: ${what}`);
  if (typeof name !== 'string') {
    throw new TypeError('the name of a case is a string');
  }
  if (typeof fn !== 'function') {
    throw wrong('the second argument of add is the function to measure');
  }
  for (const option of Object.keys(options)) {
    if (!KNOWN.includes(option)) {
      throw wrong(`there is no option \`${option}\`, only ${KNOWN.join(', ')}`);
    }
  }
  for (const hook of ['beforeAll', 'beforeEach']) {
    if (options[hook] !== undefined && typeof options[hook] !== 'function') {
      throw wrong(`\`${hook}\` is a function`);
    }
  }
  const { batch = 1, beforeEach } = options;
  if (!(Number.isSafeInteger(batch) && batch >= 1) || (batch > 1 && !beforeEach)) {
    throw wrong('`batch` is the number of inputs that `beforeEach` makes at a time');
  }
  return {
    name,
    fn,
    description: options.description ?? '',
    group: options.group,
    params: Object.entries(options.params ?? {}).map(([key, value]) => ({
      name: key,
      value: String(value),
    })),
    throughput: throughput(options.throughput, wrong),
    expected: u64(options.expected, '`expected`', wrong),
    isAsync: options.async ?? fn instanceof AsyncFunction,
    beforeAll: options.beforeAll,
    beforeEach,
    batch,
  };
}

const AsyncFunction = (async () => {}).constructor;

function throughput(given, wrong) {
  if (given === undefined) {
    return undefined;
  }
  const entries = Object.entries(given);
  const [unit, amount] = entries[0] ?? [];
  if (entries.length !== 1 || !['bytes', 'elements'].includes(unit)) {
    throw wrong('`throughput` is { bytes: number } or { elements: number }');
  }
  return { tag: unit, val: u64(amount, '`throughput`', wrong) };
}

/** A whole number as the 64 bits that the contract has for it. */
function u64(value, what, wrong) {
  if (value === undefined) {
    return undefined;
  }
  if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) {
    throw wrong(`${what} is a whole number; beyond 2^53 write a BigInt, such as 0x066bc545205fff3dn`);
  }
  return BigInt.asUintN(64, BigInt(value));
}
