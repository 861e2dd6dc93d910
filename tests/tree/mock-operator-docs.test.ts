import { expect, test } from 'bun:test'
import { behaviourDefault, changeBehaviour } from '../../src/operator/behaviour.ts'

const page = await Bun.file('docs/mock-operator.md').text()

test('the page about the mock operator names every field of its behaviour', () => {
  const missing = Object.keys(behaviourDefault).filter((name) => !page.includes(`\`${name}\``))
  expect(missing).toEqual([])
})

test('its example is a change that is taken, and so is every distribution it shows', () => {
  const example = JSON.parse(/-d '(\{.*\})'/.exec(page)?.[1] ?? '')
  expect(changeBehaviour(behaviourDefault, example).kind).toBe('changed')
  const distributions = page.match(/\{"kind": [^}]*\}/g) ?? []
  expect(distributions.length).toBeGreaterThan(4)
  for (const text of distributions) {
    const latency = JSON.parse(text.replaceAll(': n', ': 1'))
    expect(changeBehaviour(behaviourDefault, { latency })).toMatchObject({ kind: 'changed' })
  }
})
