/** Text from outside, made fit to be shown. */

const shownLengthMax = 120

/**
 * A value that is no secret by itself may hold one by mistake (`redis://:password@host` for a host) or inside an address
 * (`?key=…`): whatever stands before an @ and the query of a URL are left out, and long text is cut.
 */
export function redacted(value: string): string {
  const shown = value
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1***@')
    .replace(/^(https?:[^?]*\?).+$/is, '$1***')
  return shown.length > shownLengthMax ? `${shown.slice(0, shownLengthMax)}…` : shown
}
