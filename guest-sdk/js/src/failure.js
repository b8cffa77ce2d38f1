/** What was thrown, in one line. Anything can be thrown in JavaScript. */
export function told(thrown) {
  if (thrown instanceof Error) {
    return thrown.message ? `${thrown.name}: ${thrown.message}` : thrown.name;
  }
  return `thrown: ${String(thrown)}`;
}
