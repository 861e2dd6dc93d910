/** Text in columns, for people. The widths are fixed: rows are printed as they are read. */

/** Of a time in RFC 3339 with milliseconds. */
export const timeWidth = '2026-01-31T12:00:00.000Z'.length

export interface Table {
  readonly header: string
  /** What is wider than its column keeps its whole text. */
  line(values: readonly string[]): string
}

/** Columns as heading and width in characters; the last needs none. */
export function createTable(
  columns: readonly (readonly [heading: string, width: number])[],
): Table {
  const line = (values: readonly string[]) =>
    columns
      .map(([, width], index) => (values[index] ?? '').padEnd(width))
      .join('  ')
      .trimEnd()
  return { header: line(columns.map(([heading]) => heading)), line }
}
