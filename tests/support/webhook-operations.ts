/** The operations about webhooks, for the test that holds customers apart. */

/** What another customer is told. */
export const ofWebhooks = {
  createWebhook: 'own',
  listWebhooks: 'own',
  getWebhook: 'nothing',
  changeWebhook: 'nothing',
  deleteWebhook: 'nothing',
  rotateWebhookSecret: 'nothing',
  enableWebhook: 'nothing',
  disableWebhook: 'nothing',
  testWebhook: 'nothing',
  listWebhookDeliveries: 'nothing',
  replayWebhookDelivery: 'nothing',
  replayFailedWebhookDeliveries: 'nothing',
} as const

const path = '/api/v1/webhooks'

// biome-ignore lint/suspicious/noExplicitAny: the body of an answer, taken at its word
type Send = (method: string, path: string, body?: unknown) => Promise<{ readonly body: any }>

/** A new webhook, with a delivery, in the place of those that there were. */
export async function newWebhook(send: Send): Promise<{ id: string; deliveryId: string }> {
  const { body } = await send('GET', path)
  for (const { id } of body.webhooks) await send('DELETE', `${path}/${id}`)
  const made = await send('POST', path, { url: 'https://hooks.example.com/' })
  const delivery = await send('POST', `${path}/${made.body.id}/test`)
  return { id: made.body.id, deliveryId: delivery.body.id }
}
