/** What went through a black box last. Exported, so that an optimiser must take it for used. */
export let sink;

/**
 * Returns `value` so that no optimiser can compute with it in advance, or leave out its making. The
 * timing loop keeps every result, so results need no black box.
 */
export function blackBox(value) {
  sink = value;
  return sink;
}
