/** The diagrams, drawn by PlantUML. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { debianProgram } from '../support/packages.ts'

const folder = join(import.meta.dir, '..', '..', 'docs', 'diagrams')
const names = [
  '01-context',
  '02-container',
  '09-deployment',
  '10-target-architecture',
  '11-architecture-tradeoffs',
]

let drawn: string
beforeAll(() => {
  drawn = mkdtempSync(join(tmpdir(), 'diagrams-'))
})
afterAll(() => rmSync(drawn, { recursive: true }))

function draw(paths: readonly string[]) {
  debianProgram('dot')
  const result = Bun.spawnSync([
    debianProgram('plantuml'),
    '-tsvg',
    '-failfast2',
    '-o',
    drawn,
    ...paths,
  ])
  return { exitCode: result.exitCode, text: `${result.stdout}${result.stderr}` }
}

test('every diagram is drawn, with its title', async () => {
  const found = [...new Bun.Glob('[0-9]*.puml').scanSync({ cwd: folder })].sort()
  expect(found).toEqual(names.map((name) => `${name}.puml`))
  expect(draw(found.map((name) => join(folder, name)))).toEqual({ exitCode: 0, text: '' })
  for (const name of names) {
    const svg = await Bun.file(join(drawn, `${name}.svg`)).text()
    expect(svg).toContain('<svg')
    expect(svg).toContain('SMS Gateway: ')
    expect(svg).not.toMatch(/Syntax Error|Cannot find Graphviz/)
  }
}, 60_000)

test('one that is broken is found', async () => {
  const broken = join(drawn, 'broken.puml')
  await Bun.write(broken, '@startuml\nrectangle "x" as\n=> y\n@enduml\n')
  expect(draw([broken]).exitCode).not.toBe(0)
}, 60_000)

test('they hold the figures of docs/performance.md', async () => {
  const performance = await Bun.file(join(folder, '..', 'performance.md')).text()
  for (const name of names) {
    const text = await Bun.file(join(folder, `${name}.puml`)).text()
    const figures = [
      ...text.matchAll(/(\d[\d,.]*) (?:µs|accepted|whole lives|messages\/s drained)/g),
    ]
    for (const [, figure = ''] of figures) expect(performance).toContain(figure)
  }
})
