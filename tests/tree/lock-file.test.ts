/** `npm ci` is the first thing a new user runs: what the lock file must hold for it to work on any machine. */
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'

interface LockedPackage {
  readonly version: string
  readonly resolved?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const path = join(import.meta.dir, '../../package-lock.json')
const { packages }: { packages: Readonly<Record<string, LockedPackage>> } =
  await Bun.file(path).json()

describe('lock file', () => {
  test('has an entry for each optional package, also those of other platforms', () => {
    const wanted = Object.values(packages).flatMap(({ optionalDependencies }) =>
      Object.keys(optionalDependencies ?? {}),
    )
    expect(wanted).not.toBeEmpty()
    const missing = wanted.filter((name) => packages[`node_modules/${name}`] === undefined)
    expect(missing).toEqual([])
  })

  test('names no registry host', () => {
    const resolved = Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined)
    expect(resolved.map(([name]) => name)).toEqual([])
  })
})
