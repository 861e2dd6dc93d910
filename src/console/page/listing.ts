/** A listing of the API: what is looked for, a page of it, and the next. */
import { useState } from 'preact/hooks'
import { type Asked, useAsked } from './asked.ts'
import { api } from './server.ts'

export interface Listing<T> {
  readonly asked: Asked<T>
  /** The first page of what these parameters say; empty ones say nothing. The same again asks anew. */
  readonly search: (parameters: Iterable<readonly [string, unknown]>) => void
  /** The page after this cursor. */
  readonly more: (cursor: string) => void
}

const pageSize = '50'

export function useListing<T>(path: string): Listing<T> {
  const [query, setQuery] = useState(`limit=${pageSize}`)
  const asked = useAsked(query, () => api<T>(`${path}?${query}`))
  return {
    asked,
    search(parameters) {
      const wanted = new URLSearchParams({ limit: pageSize })
      for (const [name, value] of parameters) {
        const text = String(value).trim()
        if (text !== '') wanted.set(name, text)
      }
      if (wanted.toString() === query) asked.again()
      else setQuery(wanted.toString())
    },
    more(cursor) {
      const wanted = new URLSearchParams(query)
      wanted.set('cursor', cursor)
      setQuery(wanted.toString())
    },
  }
}
