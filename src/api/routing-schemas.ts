/** Bodies of the dry run of a route. */
import { z } from 'zod'
import { providerModes } from '../domain/provider-mode.ts'
import { routingStrategies, stickyModes } from '../domain/routing.ts'
import {
  customerIdField,
  mustBe,
  providerNameField,
  recipientField,
  senderIdField,
} from './fields.ts'

export const routePreviewSchema = z
  .strictObject(
    {
      phone: recipientField,
      customer_id: customerIdField
        .optional()
        .meta({ description: 'Whose settings count; none when it is not given.' }),
      sender_id: senderIdField.optional(),
    },
    { error: mustBe('a JSON object') },
  )
  .meta({ id: 'RoutePreview', examples: [{ phone: '+491701234567', customer_id: 1 }] })

const candidateSchema = z
  .object({
    provider: providerNameField,
    allowed: z.boolean().meta({ description: 'Whether it may have the message now.' }),
    why_not: z.string().nullable(),
    mode: z.enum(providerModes),
    weight: z.int(),
    priority: z.int(),
    cost: z
      .string()
      .nullable()
      .meta({ description: 'Of a segment to this number; null: unknown.' }),
    rank: z.int().nullable().meta({
      description: 'From 1: the lowest is asked first; those of the same share by their weights.',
    }),
  })
  .meta({ id: 'RouteCandidate' })

export const routePreviewAnswerSchema = z
  .object({
    strategy: z.enum(routingStrategies),
    sticky: z.enum(stickyModes),
    provider: z
      .string()
      .nullable()
      .meta({ description: 'Null when several share, or when none may have it.' }),
    sender_id: z.string().nullable(),
    reasons: z.array(z.string()).meta({ description: 'For people.' }),
    candidates: z
      .array(candidateSchema)
      .meta({ description: 'All providers, in the order of the configuration.' }),
  })
  .meta({
    id: 'PreviewedRoute',
    description:
      "By what is configured and ordered. The circuits are each processor's own, so a provider that fails just now is shown as one that may have it.",
  })
export type RoutePreviewBody = z.infer<typeof routePreviewAnswerSchema>
