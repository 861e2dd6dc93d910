/**
 * Imports go one way: main → roles → use cases → (types of) adapters → runtime, domain. See docs/ARCHITECTURE.md.
 */
import { describe, expect, test } from 'bun:test'
import { dirname, join, normalize } from 'node:path'
import { filesMatching, type SourceFile } from './source-files.ts'

/** Folders of src by rank: a file imports from lower ranks, or from its own folder. */
const ranks: Readonly<Record<string, number>> = {
  domain: 0,
  runtime: 0,
  console: 0,
  queue: 1,
  store: 1,
  providers: 1,
  embedded: 1,
  limits: 1,
  figures: 1,
  webhooks: 1,
  tracing: 1,
  api: 2,
  processor: 2,
  operator: 2,
  migrate: 2,
  config: 2,
  roles: 3,
  main: 4,
}
const adapterRank = 1
const useCaseRank = 2

interface Import {
  readonly from: string
  readonly to: string
  readonly typeOnly: boolean
}

const sources = filesMatching('src/**/*.ts').filter(
  ({ path }) => !path.endsWith('.test.ts') && !path.endsWith('.d.ts'),
)

function importsOf({ path, text }: SourceFile): Import[] {
  const pattern = /^(?:import|export)\s+(type\s)?(?:[^'"]*?\sfrom\s+)?'(\.[^']+)'/gms
  return [...text.matchAll(pattern)].map((match) => ({
    from: path,
    to: normalize(join(dirname(path), match[2] ?? '')),
    typeOnly: match[1] !== undefined,
  }))
}

const imports = sources.flatMap(importsOf)

/** `src/store/statement.ts` → `store`; `src/main.ts` → `main`. */
function folderOf(path: string): string {
  const [, folder = '', rest] = path.split('/')
  return rest === undefined ? folder.replace('.ts', '') : folder
}

describe('architecture', () => {
  test('finds the imports it checks', () => {
    expect(imports.length).toBeGreaterThan(300)
    expect(imports.some(({ typeOnly }) => typeOnly)).toBe(true)
  })

  test('every folder has its place', () => {
    const folders = new Set(sources.map(({ path }) => folderOf(path)))
    expect([...folders].filter((folder) => ranks[folder] === undefined)).toEqual([])
  })

  test('imports go down the ranks, or stay in their folder', () => {
    const wrong = imports.filter(({ from, to }) => {
      if (!to.startsWith('src/')) return false
      const [above, below] = [folderOf(from), folderOf(to)]
      return above !== below && (ranks[above] ?? 0) <= (ranks[below] ?? 0)
    })
    const allowed = wrong.filter(
      ({ from, to }) => !(folderOf(from) === 'runtime' && folderOf(to) === 'domain'),
    )
    expect(allowed).toEqual([])
  })

  test('use cases know adapters by their types only; roles join them', () => {
    const wrong = imports.filter(
      ({ from, to, typeOnly }) =>
        !typeOnly && ranks[folderOf(from)] === useCaseRank && ranks[folderOf(to)] === adapterRank,
    )
    expect(wrong).toEqual([])
  })

  test('only roles see the configuration', () => {
    const wrong = imports.filter(
      ({ from, to }) => folderOf(to) === 'config' && !['config', 'roles'].includes(folderOf(from)),
    )
    expect(wrong).toEqual([])
  })

  test('there are no cycles', () => {
    const edges = new Map<string, string[]>()
    for (const { from, to } of imports) edges.set(from, [...(edges.get(from) ?? []), to])
    const done = new Set<string>()
    const cycles: string[] = []
    function visit(path: string, trail: readonly string[]): void {
      if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
      if (done.has(path) || trail.includes(path)) return
      for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
      done.add(path)
    }
    for (const path of edges.keys()) visit(path, [])
    expect(cycles).toEqual([])
  })

  // The embedded server's own upkeep reads the server's catalogue; it knows no table of ours.
  test('SQL lives in the store', () => {
    const sql = /\b(SELECT\s+.+\s+FROM|INSERT INTO|UPDATE\s+\w+\s+SET|DELETE FROM)\b/
    const wrong = sources.filter(
      ({ path, text }) => !['store', 'embedded'].includes(folderOf(path)) && sql.test(text),
    )
    expect(wrong.map(({ path }) => path)).toEqual([])
  })
})
