/** Settings of tracing that are faulty. */
import { expect, test } from 'bun:test'
import { runCommand } from '../support/gateway.ts'

test.each([
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'must be one of http/json'],
  ['OTEL_TRACES_SAMPLER', 'sometimes', 'must be one of always_on'],
  ['OTEL_TRACES_SAMPLER_ARG', '2', 'must be a number from 0 to 1'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318', 'must be'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'no pair', 'must be pairs such as key=value,key=value'],
  ['OTEL_RESOURCE_ATTRIBUTES', 'a=%ff', 'must be pairs'],
  ['OTEL_SERVICE_NAMES', 'x', 'is not a setting; did you mean OTEL_SERVICE_NAME?'],
])('%s=%s is a fault of the configuration', async (name, value, fault) => {
  const { exitCode, stdout, stderr } = await runCommand(['config', 'check', '--for', 'api'], {
    PROVIDER_PRIMARY_URL: 'http://127.0.0.1:1/',
    POSTGRES_WRITE_HOST: '127.0.0.1',
    [name]: value,
  })
  expect(exitCode).toBe(2)
  expect(stdout + stderr).toContain(`${name} ${fault}`)
})
