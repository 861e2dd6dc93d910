/** The documents: every link leads somewhere, and what they name is there. */
import { describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { allSettings } from '../../src/config/keys.ts'

const root = join(import.meta.dir, '..', '..')
const paths = [...new Bun.Glob('**/*.md').scanSync({ cwd: root })].filter(
  (path) => !path.includes('node_modules') && !path.startsWith('data/'),
)
const documents = await Promise.all(
  paths.map(async (path) => ({ path, text: await Bun.file(join(root, path)).text() })),
)
const textOf = (path: string) => documents.find((document) => document.path === path)?.text

/** As GitHub makes them: lower case, punctuation gone, spaces to hyphens. */
function anchorsOf(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

const withoutCode = (text: string): string => text.replaceAll(/^```[\s\S]*?^```$/gm, '')

describe('documents', () => {
  test('lead somewhere with every link', () => {
    expect(documents.length).toBeGreaterThan(25)
    const broken: string[] = []
    let count = 0
    for (const { path, text } of documents) {
      for (const [, target = ''] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target)) continue
        count++
        const [file = '', anchor] = target.split('#')
        const found = file === '' ? path : normalize(join(dirname(path), file))
        if (!existsSync(join(root, found))) broken.push(`${path}: ${target}`)
        else if (anchor !== undefined && !anchorsOf(textOf(found) ?? '').has(anchor)) {
          broken.push(`${path}: ${target}`)
        }
      }
    }
    expect(count).toBeGreaterThan(100)
    expect(broken).toEqual([])
  })

  test('name scripts of npm that there are', async () => {
    const { scripts } = (await Bun.file(join(root, 'package.json')).json()) as {
      scripts: Record<string, string>
    }
    const named = documents.flatMap(({ text }) =>
      [...text.matchAll(/npm run ([a-z:]+)/g)].map(([, name = '']) => name),
    )
    expect(named.length).toBeGreaterThan(15)
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([])
  })

  test('name settings that there are', () => {
    const known = new Set(allSettings.map(({ name }) => name))
    const prefixes =
      /^(POSTGRES|REDIS|QUEUE|WEBHOOK|RETRY|SWEEP|CLAIM|CIRCUIT|RETENTION|LIMIT|PUMPING|NUMBER|OTEL|PROCESSOR)_/
    const wrong = documents
      .filter(({ path }) => path === 'README.md' || path.startsWith('docs/'))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/`([A-Z][A-Z0-9_]+)(?:=[^`]*)?`/g)]
          .map(([, name = '']) => name)
          .filter((name) => prefixes.test(name) && !name.endsWith('_') && !known.has(name))
          .map((name) => `${path}: ${name}`),
      )
    expect(wrong).toEqual([])
  })
})
