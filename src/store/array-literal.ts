/**
 * PostgreSQL array literals (documentation §8.15.2), built here because a batch passes a dozen arrays a statement
 * and the driver's generic serializer costs more than the statement. They are bound parameters like any other.
 */

/** For values that need no quotes: UUIDs, numbers, names of enum values. */
export function plainArray(values: readonly (string | number)[]): string {
  return `{${values.join(',')}}`
}

const escapable = /["\\]/g

/** For any text, with nulls. */
export function textArray(values: readonly (string | null)[]): string {
  let literal = '{'
  for (let index = 0; index < values.length; index++) {
    const value = values[index]
    if (index > 0) literal += ','
    literal +=
      value === null || value === undefined ? 'NULL' : `"${value.replace(escapable, '\\$&')}"`
  }
  return `${literal}}`
}
