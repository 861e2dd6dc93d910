/** Numbers and times for people. */

/** `12.3`, `1,234`, `1.2 M`: three figures, or all of them below a million. */
export function count(value: number): string {
  if (value >= 1_000_000) return `${trimmed(value / 1_000_000, 2)} M`
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return trimmed(value, value >= 10 ? 1 : 2)
}

/** Of a span: `350 µs`, `12 ms`, `3.4 s`, `5 min`, `2.5 h`, `3 d`. */
export function span(seconds: number): string {
  if (seconds === 0) return '0 s'
  if (seconds < 0.001) return `${Math.round(seconds * 1_000_000)} µs`
  if (seconds < 1) return `${trimmed(seconds * 1000, seconds < 0.01 ? 1 : 0)} ms`
  if (seconds < 120) return `${trimmed(seconds, seconds < 10 ? 1 : 0)} s`
  if (seconds < 7_200) return `${trimmed(seconds / 60, 0)} min`
  if (seconds < 172_800) return `${trimmed(seconds / 3_600, 1)} h`
  return `${trimmed(seconds / 86_400, 0)} d`
}

/** `98.7 %`; never 100 % unless it is all. */
export function percent(ratio: number): string {
  const percents = ratio * 100
  const shown = percents >= 99.95 && ratio < 1 ? 99.9 : percents
  return `${trimmed(shown, 1)} %`
}

export function bytes(value: number): string {
  return value >= 1e9 ? `${trimmed(value / 1e9, 2)} GB` : `${trimmed(value / 1e6, 0)} MB`
}

/** `2026-11-26 23:14:05`, in UTC, as in logs. */
export function time(text: string): string {
  return text.slice(0, 19).replace('T', ' ')
}

/** How long after `from`, as `+1.25 s`. */
export function after(from: string, at: string): string {
  const seconds = (Date.parse(at) - Date.parse(from)) / 1000
  return seconds < 0 ? `−${span(-seconds)}` : `+${span(seconds)}`
}

function trimmed(value: number, digits: number): string {
  return value
    .toFixed(digits)
    .replace(/\.0+$/, '')
    .replace(/(\.\d*?)0+$/, '$1')
}
