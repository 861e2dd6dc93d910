/** Habits of the tree, kept by a test instead of by memory. */
import { describe, expect, test } from 'bun:test'
import { messageStates, transitions } from '../../src/domain/message-state.ts'
import { filesMatching, type SourceFile } from './source-files.ts'

const sources = filesMatching('{src,tests,bench,loadtest,scripts}/**/*.ts')
const product = sources.filter(({ path }) => path.startsWith('src/') && !path.endsWith('.test.ts'))

const linesMax = 300

/** Places where `pattern` stands outside of comments, as `path:line`. */
function places(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const code = line.replace(/^\s*(\*|\/\/|\/\*).*$/, '')
      return pattern.test(code) ? [`${path}:${index + 1}`] : []
    }),
  )
}

const inFolder =
  (...folders: string[]) =>
  ({ path }: SourceFile): boolean =>
    folders.some((folder) => path.startsWith(`src/${folder}`))

describe('tidy', () => {
  test(`no file is longer than ${linesMax} lines`, () => {
    const long = sources.filter(({ text }) => text.split('\n').length > linesMax + 1)
    expect(long.map(({ path }) => path)).toEqual([])
  })

  test('file names are kebab-case', () => {
    const wrong = sources.filter(
      ({ path }) => !/^[a-z0-9-]+(\.test|\.d)?\.ts$/.test(path.split('/').at(-1) ?? ''),
    )
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  test('no folder or file is called after nothing', () => {
    const wrong = sources.filter(({ path }) =>
      /(^|\/)(utils?|helpers?|common|misc)(\/|\.|-)/.test(path),
    )
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  test('the environment is read in one place', () => {
    const outside = product.filter((file) => !inFolder('config/', 'main.ts')(file))
    expect(places(outside, /process\.env\b/)).toEqual([])
  })

  test('the domain knows no clock, no chance and no I/O', () => {
    const domain = product.filter(inFolder('domain/'))
    expect(
      places(domain, /Date\.now|new Date\(\)|Math\.random|performance\.now|setTimeout|from 'node:/),
    ).toEqual([])
  })

  test('nothing unfinished, skipped or untyped', () => {
    expect(
      places(
        sources.filter(({ path }) => path !== 'tests/tree/tidy.test.ts'),
        /\b(TODO|FIXME|XXX)\b/,
      ),
    ).toEqual([])
    expect(places(sources, /\b(test|it|describe)\.(skip|only|todo)\b|\bxit\(/)).toEqual([])
    expect(places(product, /\bas any\b|: any\b|@ts-ignore|@ts-expect-error/)).toEqual([])
  })

  test('tests wait for something, never for time', () => {
    const tests = sources.filter(({ path }) => path.endsWith('.test.ts'))
    expect(places(tests, /Bun\.sleep\(|await new Promise\(.*setTimeout/)).toEqual([])
  })

  test('what is pure or shared has a test beside it', () => {
    const tested = new Set(sources.map(({ path }) => path))
    const untested = product
      .filter(inFolder('domain/', 'runtime/'))
      .filter(
        ({ path, text }) =>
          /\bfunction\b/.test(text) && !tested.has(path.replace('.ts', '.test.ts')),
      )
    expect(untested.map(({ path }) => path)).toEqual([])
  })

  test('lock file and sources carry no registry host', () => {
    const lock = filesMatching('package-lock.json')[0]?.text ?? ''
    expect(lock).not.toContain('"resolved"')
    expect(filesMatching('bun.lock*')).toEqual([])
  })

  test('migrations are numbered without a gap, and each is in the build', () => {
    const names = filesMatching('migrations/*.sql').map(({ path }) => path.split('/').at(-1) ?? '')
    const list = filesMatching('src/migrate/migration-list.ts')[0]?.text ?? ''
    expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(
      names.map((_, index) => index + 1),
    )
    for (const name of names) expect(list).toContain(`migrations/${name}`)
  })

  test('docs/message-states.md has the table of the domain', () => {
    const text = filesMatching('docs/message-states.md')[0]?.text ?? ''
    for (const from of messageStates) {
      const row = text.split('\n').find((line) => line.startsWith(`| \`${from}\` |`)) ?? ''
      const targets = [...(row.split('|')[2] ?? '').matchAll(/`([a-z]+)`/g)].map(
        (match) => match[1],
      )
      expect({ from, to: targets }).toEqual({ from, to: [...transitions[from]] })
    }
  })
})
