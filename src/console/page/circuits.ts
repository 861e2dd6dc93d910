/** The circuit of a provider in all processors, as one word. */
import type { ProviderFigures } from '../live-figures.ts'
import type { Tone } from './parts.tsx'

export function circuitWord(circuits: ProviderFigures['circuits']): {
  readonly word: string
  readonly tone: Tone
} {
  const { closed, half_open, open } = circuits
  const all = closed + half_open + open
  if (all === 0) return { word: 'no processor', tone: 'warn' }
  if (closed === all) return { word: 'closed', tone: 'good' }
  if (open === all) return { word: 'open', tone: 'bad' }
  if (open === 0) return { word: 'probing', tone: 'warn' }
  return { word: `open in ${open} of ${all}`, tone: 'bad' }
}
