import { expect, test } from 'bun:test'
import { unknownNameFaults } from './unknown-names.ts'

const details = (...names: string[]): string[] =>
  unknownNameFaults(Object.fromEntries(names.map((name) => [name, 'x']))).map(
    ({ name, detail }) => `${name} ${detail}`,
  )

test('suggests the setting that was meant', () => {
  expect(
    details('QUEUE_NMAE', 'POSTGRES_HOST', 'PROVIDER_PRIMARY_TIMEOUT', 'CIRCUIT_SAMPELS_MIN'),
  ).toEqual([
    'QUEUE_NMAE is not a setting; did you mean QUEUE_NAME?',
    'POSTGRES_HOST is not a setting; did you mean POSTGRES_WRITE_HOST?',
    'PROVIDER_PRIMARY_TIMEOUT is not a setting; did you mean PROVIDER_PRIMARY_TIMEOUT_MS?',
    'CIRCUIT_SAMPELS_MIN is not a setting; did you mean CIRCUIT_SAMPLES_MIN?',
  ])
})

test('suggests nothing when nothing is near', () => {
  expect(details('REDIS_URL', 'PROVIDER_FOURTH_ADDRESS')).toEqual([
    'REDIS_URL is not a setting',
    'PROVIDER_FOURTH_ADDRESS is not a setting',
  ])
})

test('of beginnings that others use too, only a slip is a fault', () => {
  expect(details('LOG_LEVL', 'APP_ADRR')).toEqual([
    'LOG_LEVL is not a setting; did you mean LOG_LEVEL?',
    'APP_ADRR is not a setting; did you mean APP_ADDR?',
  ])
  expect(
    details('LOG_FORMAT', 'APP_ENV', 'DATA_CENTRE', 'PATH', 'HOME', 'TEST_REDIS_HOST'),
  ).toEqual([])
})

test('settings of tracing, empty variables and what a container platform adds are none', () => {
  const environment = {
    OTEL_SERVICE_NAME: 'x',
    QUEUE_NMAE: '',
    SWEEP_GRACE: undefined,
    REDIS_SERVICE_HOST: '10.0.0.1',
    REDIS_SERVICE_PORT_REDIS: '6379',
    REDIS_PORT: 'tcp://10.0.0.1:6379',
    POSTGRES_PORT_5432_TCP: 'tcp://10.0.0.2:5432',
    POSTGRES_PORT_5432_TCP_ADDR: '10.0.0.2',
  }
  expect(unknownNameFaults(environment)).toEqual([])
  expect(unknownNameFaults({ REDIS_PORT: '6379' }).length).toBe(1)
})
