/** Which traces are begun, by the names of OpenTelemetry's SDK ("Tracing SDK", Built-in samplers). */
export const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const
export type Sampler = (typeof samplers)[number]
