/** Finds the API's routes again under another address. */
import type { Route } from '../route.ts'

export interface FoundRoute {
  readonly route: Route
  /** A parameter of the path, decoded; empty when there is none of that name. */
  readonly param: (name: string) => string
}

/** Only what is under `/api/`, and not what is for providers, who have credentials of their own. */
export function createRouteFinder(
  routes: readonly Route[],
): (method: string, path: string) => FoundRoute | null {
  const known = routes
    .filter(({ path }) => path.startsWith('/api/'))
    .map((route) => ({ route, segments: route.path.split('/') }))

  return function find(method, path) {
    const given = path.split('/')
    for (const { route, segments } of known) {
      if (route.method !== method || segments.length !== given.length) continue
      const params = matched(segments, given)
      if (params !== null) return { route, param: (name) => params.get(name) ?? '' }
    }
    return null
  }
}

function matched(
  segments: readonly string[],
  given: readonly string[],
): ReadonlyMap<string, string> | null {
  const params = new Map<string, string>()
  for (const [index, segment] of segments.entries()) {
    const text = given[index] ?? ''
    if (!segment.startsWith(':')) {
      if (segment !== text) return null
      continue
    }
    const value = decoded(text)
    if (value === null || value === '') return null
    params.set(segment.slice(1), value)
  }
  return params
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
