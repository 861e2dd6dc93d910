/** What a supervising process and its children say to each other. */
import type { MetricObjectWithValues, MetricValue } from 'prom-client'

export type MetricsJson = MetricObjectWithValues<MetricValue<string>>[]

export type ToChild =
  | { readonly kind: 'metrics_wanted'; readonly request: number }
  | { readonly kind: 'metrics_text'; readonly request: number; readonly text: string }

export type ToParent =
  | { readonly kind: 'started' }
  | { readonly kind: 'metrics'; readonly request: number; readonly metrics: MetricsJson }
  | { readonly kind: 'metrics_text_wanted'; readonly request: number }
