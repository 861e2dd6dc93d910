/** What a page asks the server for when it opens, and again when it is told to. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { wordsOf } from './server.ts'

export interface Asked<T> {
  readonly value: T | null
  readonly error: string | null
  readonly isLoading: boolean
  readonly again: () => void
}

/** @param key what the answer depends on: with another one it is asked again, and a late answer to the last is dropped */
export function useAsked<T>(key: string, read: () => Promise<T>): Asked<T> {
  const [state, setState] = useState<Omit<Asked<T>, 'again'>>({
    value: null,
    error: null,
    isLoading: true,
  })
  const turn = useRef(0)
  const latest = useRef(read)
  latest.current = read

  const again = useCallback(() => {
    const mine = ++turn.current
    setState((before) => ({ ...before, isLoading: true }))
    latest.current().then(
      (value) => {
        if (mine === turn.current) setState({ value, error: null, isLoading: false })
      },
      (error: unknown) => {
        if (mine === turn.current)
          setState({ value: null, error: wordsOf(error), isLoading: false })
      },
    )
  }, [])

  // The key stands for all that is read.
  useEffect(() => {
    again()
    return () => {
      turn.current++
    }
  }, [key])

  return { ...state, again }
}
