import { expect, test } from 'bun:test'
import { behaviourDefault, changeBehaviour } from '../../src/operator/behaviour.ts'
import { inboundSchema } from '../../src/operator/inbound.ts'

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

test('it names every field of a message from people, and its example is one', () => {
  const missing = Object.keys(inboundSchema.shape).filter((name) => !page.includes(`\`${name}\``))
  expect(missing).toEqual([])
  const example = JSON.parse(/-d '(\{"url".*\})'/.exec(page)?.[1] ?? '')
  expect(inboundSchema.safeParse(example).success).toBe(true)
})
