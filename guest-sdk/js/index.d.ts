/** What a result must be for the host to check it; `src/checksum.js` states the encoding to the byte. */
export type Checkable =
  | number
  | bigint
  | boolean
  | string
  | null
  | undefined
  | void
  | ArrayBuffer
  | ArrayBufferView
  | Tuple
  | readonly Checkable[];

/** How much work one iteration does, so that a time can be shown as a rate. */
export type Throughput = { bytes: number | bigint } | { elements: number | bigint };

export interface Options<Input = undefined, Fresh = Input> {
  /** One sentence for people. */
  description?: string;
  /** Cases that belong together, to be shown side by side. */
  group?: string;
  /** Names and values that tell the cases of a group apart, in the order in which they are shown. */
  params?: Record<string, string | number | bigint | boolean>;
  /** How much one iteration processes. */
  throughput?: Throughput;
  /** The checksum that the result must have. Beyond 2^53, a BigInt. */
  expected?: number | bigint;
  /** The function returns promises. Known of an `async` function; say it of any other. */
  async?: boolean;
  /** Called once, not timed. What it returns is the argument of the function. */
  beforeAll?: () => Input | Promise<Input>;
  /**
   * Called before each iteration, not timed, with what `beforeAll` returned. The function then gets
   * what this returns: for a function that changes or uses up its input.
   */
  beforeEach?: (input: Input) => Fresh | Promise<Fresh>;
  /**
   * How many inputs `beforeEach` makes at a time; 1 unless told. The more, the smaller the part of
   * starting and stopping the clock in an iteration.
   */
  batch?: number;
}

/** The cases of a plugin. */
export class Bench {
  /**
   * Adds a case. Its name is unique in the plugin; by custom `group/operation/parameter`. What the
   * function returns becomes the checksum by which the host verifies the work.
   */
  add<Input = undefined, Fresh = Input>(
    name: string,
    fn: (input: Fresh) => Checkable | Promise<Checkable>,
    options?: Options<Input, Fresh>,
  ): this;
}

/** Returns `value` so that no optimiser can compute with it in advance, or leave out its making. */
export function blackBox<T>(value: T): T;

/** The checksum of a result. */
export function checksum(result: Checkable): bigint;

/** Fields that stand one after another in a checksum, without the length that an array has. */
export class Tuple {
  readonly fields: readonly Checkable[];
  constructor(...fields: Checkable[]);
}

/** Seeded random numbers for inputs, the same in every SDK. Not for secrets. */
export class SplitMix64 {
  constructor(seed: number | bigint);
  /** The next 64 random bits. */
  nextU64(): bigint;
  /** A number below `bound`, which is at most 2^32. */
  below(bound: number): number;
}
