import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  adoptCluster,
  DATA_FORMAT,
  DataDirectoryError,
  openDataDirectory,
  POSTGRES_MAJOR,
} from './data-directory.ts'

let parent: string
let root: string

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'data-directory-'))
  root = join(parent, 'nested', 'data')
})

afterEach(() => rmSync(parent, { recursive: true, force: true }))

/** A directory with a cluster that claims to be of `major`. */
function makeAdopted(major = POSTGRES_MAJOR): void {
  const directory = openDataDirectory(root)
  mkdirSync(directory.stagingDir)
  writeFileSync(join(directory.stagingDir, 'PG_VERSION'), `${major}\n`)
  adoptCluster(directory)
  directory.lock.release()
}

test('a new directory is made, private, and adopted once', () => {
  const first = openDataDirectory(root)
  expect(first.isNew).toBe(true)
  expect(statSync(root).mode & 0o777).toBe(0o700)
  first.lock.release()
  makeAdopted()
  const second = openDataDirectory(root)
  expect(second.isNew).toBe(false)
  expect(readFileSync(join(second.clusterDir, 'PG_VERSION'), 'utf8')).toBe(`${POSTGRES_MAJOR}\n`)
  second.lock.release()
})

test('an empty directory and one opened too wide become private', () => {
  mkdirSync(join(root, 'lost+found'), { recursive: true })
  chmodSync(root, 0o755)
  openDataDirectory(root).lock.release()
  expect(statSync(root).mode & 0o777).toBe(0o700)
  makeAdopted()
  chmodSync(root, 0o777)
  openDataDirectory(root).lock.release()
  expect(statSync(root).mode & 0o777).toBe(0o700)
})

test('what a cut-short making left is made anew', () => {
  const first = openDataDirectory(root)
  mkdirSync(join(first.stagingDir, 'half'), { recursive: true })
  mkdirSync(join(first.clusterDir, 'not adopted'), { recursive: true })
  first.lock.release()
  const second = openDataDirectory(root)
  expect(second.isNew).toBe(true)
  expect(existsSync(second.stagingDir)).toBe(false)
  second.lock.release()
  makeAdopted()
  expect(existsSync(join(root, 'postgres', 'not adopted'))).toBe(false)
})

test('a second opener is refused with the holder’s process id', () => {
  const first = openDataDirectory(root)
  expect(() => openDataDirectory(root)).toThrow(
    `in use by another sms-gateway (process ${process.pid})`,
  )
  first.lock.release()
  first.lock.release()
  openDataDirectory(root).lock.release()
})

test('a cluster of another major version is refused', () => {
  makeAdopted(17)
  expect(() => openDataDirectory(root)).toThrow('was made with PostgreSQL 17; this version')
})

test.each([
  ['another format', JSON.stringify({ format: DATA_FORMAT + 1 }), 'has format 2; this version'],
  ['no JSON', '{', 'cannot be read'],
  ['something else', '7', 'is not what sms-gateway writes'],
])('a format file with %s is refused, and the lock let go', (_, content, sentence) => {
  makeAdopted()
  const format = join(root, 'format.json')
  const original = readFileSync(format)
  writeFileSync(format, content)
  expect(() => openDataDirectory(root)).toThrow(sentence)
  writeFileSync(format, original)
  openDataDirectory(root).lock.release()
})

test('a foreign directory is refused untouched', () => {
  mkdirSync(root, { recursive: true, mode: 0o755 })
  writeFileSync(join(root, 'letter.txt'), 'dear')
  expect(() => openDataDirectory(root)).toThrow(DataDirectoryError)
  expect(() => openDataDirectory(root)).toThrow('(it holds "letter.txt")')
  expect(statSync(root).mode & 0o777).toBe(0o755)
  expect(existsSync(join(root, 'lock'))).toBe(false)
})

test('a path that is a file is refused with a sentence', () => {
  writeFileSync(join(parent, 'file'), '')
  expect(() => openDataDirectory(join(parent, 'file'))).toThrow('cannot use the data directory')
})
