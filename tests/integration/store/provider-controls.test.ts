/** The modes of providers, for all processes. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { createStoreFixture, type StoreFixture } from './store-fixture.ts'

let fixture: StoreFixture
beforeEach(async () => {
  fixture = await createStoreFixture()
})
afterEach(() => fixture.close())

test('the newest order counts, with its note and its time; others keep theirs', async () => {
  const { store } = fixture
  expect(await store.listProviderControls()).toEqual([])
  const drained = await store.setProviderControl('b', 'draining', "it's slow; '\\ \n")
  expect(drained).toMatchObject({ provider: 'b', mode: 'draining', note: "it's slow; '\\ \n" })
  const disabled = await store.setProviderControl('a', 'disabled', null)
  const enabled = await store.setProviderControl('b', 'enabled', null)
  expect(enabled.changedAt.getTime()).toBeGreaterThanOrEqual(drained.changedAt.getTime())
  expect(await store.listProviderControls()).toEqual([disabled, enabled])
})

test('a weight leaves the mode and its note as they are, and the other way round', async () => {
  const { store } = fixture
  await store.setProviderControl('d', 'draining', 'slow')
  expect(await store.setProviderWeight('d', 20)).toMatchObject({
    mode: 'draining',
    note: 'slow',
    weight: 20,
  })
  expect(await store.setProviderControl('d', 'enabled', null)).toMatchObject({ weight: 20 })
  expect(await store.setProviderWeight('d', null)).toMatchObject({ mode: 'enabled', weight: null })
  expect(await store.setProviderWeight('e', 0)).toMatchObject({ mode: 'enabled', weight: 0 })
})

test('orders at once leave one of them', async () => {
  const { store } = fixture
  const orders = (['draining', 'disabled', 'enabled'] as const).map((mode) =>
    store.setProviderControl('c', mode, mode),
  )
  const answers = await Promise.all(orders)
  const controls = await store.listProviderControls()
  const [ofC, ...more] = controls.filter(({ provider }) => provider === 'c')
  expect(more).toEqual([])
  expect(answers.map(({ mode }) => mode)).toContain(ofC?.mode ?? 'enabled')
})
