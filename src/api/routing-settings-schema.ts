/** How the messages of a customer find their provider, and their sender. */
import { z } from 'zod'
import { routingStrategies, stickyModes } from '../domain/routing.ts'
import { mustBe, providerNameField, senderIdField } from './fields.ts'

/** As many as there can be providers. */
const providersMax = 64
/** More senders are a mistake. */
export const senderPoolMax = 100

function namesOf(item: z.ZodString, itemsMax: number, what: string) {
  const rule = mustBe(`an array of 1 to ${itemsMax} ${what}, each once`)
  return z
    .array(item, { error: rule })
    .min(1, { error: rule })
    .max(itemsMax, { error: rule })
    .refine((items) => new Set(items).size === items.length, { error: rule })
}

const routingRule = mustBe('an object with strategy, sticky, providers or sender_pool')

export const routingField = z
  .strictObject(
    {
      strategy: z
        .enum(routingStrategies, { error: mustBe(`one of ${routingStrategies.join(', ')}`) })
        .optional()
        .meta({
          description:
            'weighted (unless given): all share; least_cost: the cheapest for the number first; priority: the lowest number first.',
        }),
      sticky: z
        .enum(stickyModes, { error: mustBe(`one of ${stickyModes.join(', ')}`) })
        .optional()
        .meta({
          description: 'recipient: of those that would share, a recipient always has the same one.',
        }),
      providers: namesOf(providerNameField, providersMax, "providers' names")
        .optional()
        .meta({ description: 'No others.' }),
      sender_pool: namesOf(senderIdField, senderPoolMax, 'senders').optional().meta({
        description:
          'For messages that name no sender: a recipient always sees the same one of these.',
      }),
    },
    { error: routingRule },
  )
  .meta({
    description: 'How its messages find their provider, and their sender.',
    examples: [{ strategy: 'least_cost', sticky: 'recipient', sender_pool: ['Acme', 'Acme 2'] }],
  })
