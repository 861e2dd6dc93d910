/** The image: there is no Docker where tests run, so what can be read in the Dockerfile is compared with the tree. */
import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { commitOf } from '../../scripts/checkout.ts'
import { root } from './source-files.ts'

const textOf = (path: string): string => readFileSync(join(root, path), 'utf8')

/** Each instruction with its arguments, continued lines joined. */
const instructions = textOf('Dockerfile')
  .replaceAll(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => ({ name: line.split(' ', 1)[0] ?? '', words: line.split(/ +/).slice(1) }))

const all = (name: string) => instructions.filter((instruction) => instruction.name === name)
const argumentsOf = (name: string): string => all(name).at(-1)?.words.join(' ') ?? ''

const ignored = textOf('.dockerignore')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((pattern) => new Bun.Glob(pattern))
/** Whether a path, or a folder it is in, is kept out of the build. */
const isIgnored = (path: string): boolean => {
  const parts = path.split('/')
  const above = parts.map((_, index) => parts.slice(0, index + 1).join('/'))
  return above.some((name) => ignored.some((glob) => glob.match(name)))
}

describe('the Dockerfile', () => {
  test('copies what there is, and what is not kept out of the build', () => {
    const sources = all('COPY')
      .filter(({ words }) => !words[0]?.startsWith('--from='))
      .flatMap(({ words }) => words.slice(0, -1))
    expect(sources).toContain('package-lock.json')
    expect(sources.filter((path) => !existsSync(join(root, path)) || isIgnored(path))).toEqual([])
  })

  test('installs before it copies the rest, from a lock file without hosts', () => {
    const order = instructions.map(({ name, words }) => `${name} ${words.join(' ')}`)
    expect(order.indexOf('RUN npm ci')).toBeLessThan(order.indexOf('COPY . .'))
    expect(textOf('.npmrc')).toContain('omit-lockfile-registry-resolved=true')
    expect(textOf('.npmrc')).not.toMatch(/registry\s*=|_auth/)
  })

  test('takes from the build what the build makes', () => {
    const [taken] = all('COPY').filter(({ words }) => words[0] === '--from=build')
    expect(taken?.words[1]).toBe('/build/dist/sms-gateway')
    expect(textOf('scripts/build.ts')).toContain("'sms-gateway'")
    expect(JSON.parse(argumentsOf('ENTRYPOINT'))).toEqual([taken?.words[2]])
  })

  test('builds without git, which neither the image nor what is copied has', () => {
    expect(isIgnored('.git/HEAD')).toBe(true)
    expect(commitOf(root, '/nonexistent')).toBe('unknown')
    expect(commitOf('/')).toBe('unknown')
  })

  test('builds with a Node that package.json allows, from images of a stated version', () => {
    const images = all('FROM').map(({ words }) => words[0] ?? '')
    for (const image of images) expect(image).toMatch(/^[a-z]+:\d+\.\d+/)
    const { engines } = JSON.parse(textOf('package.json')) as { engines: { node: string } }
    const [node = ''] = images
    expect(Bun.semver.satisfies(/\d+\.\d+\.\d+/.exec(node)?.[0] ?? '', engines.node)).toBe(true)
  })

  test('runs as nobody of importance, and is asked for its health', () => {
    const uid = Number(argumentsOf('USER'))
    expect(uid).toBeGreaterThan(9_999)
    expect(argumentsOf('RUN')).toContain(`--uid ${uid} `)
    expect(argumentsOf('HEALTHCHECK')).toContain('["/usr/local/bin/sms-gateway", "healthcheck"]')
  })

  test('no secret, log or build of this machine gets into it', () => {
    for (const path of ['.env', 'deploy/.env', '.git/config', 'node_modules/bun/package.json']) {
      expect(isIgnored(path)).toBe(true)
    }
    expect(isIgnored('deploy/x.log') && isIgnored('dist/sms-gateway')).toBe(true)
    expect(['src/main.ts', 'migrations/0001_messages.sql'].some(isIgnored)).toBe(false)
  })
})
