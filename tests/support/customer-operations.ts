/** The operations of the OpenAPI document, by who uses them. A new one has to be named here, unless it administers. */

import { ofWebhooks } from './webhook-operations.ts'

/** Of the document's operations, those that customers use, and what another customer is told. */
export const ofCustomers: Readonly<Record<string, 'own' | 'nothing'>> = {
  submitMessage: 'own',
  submitExpressMessage: 'own',
  submitBatch: 'own',
  previewMessage: 'own',
  listMessages: 'own',
  getMessage: 'nothing',
  cancelMessage: 'nothing',
  listDeliveryReports: 'nothing',
  listMessageWebhookDeliveries: 'nothing',
  getAccount: 'own',
  listLedgerEntries: 'own',
  listInboundMessages: 'own',
  getInboundMessage: 'nothing',
  listOptOuts: 'own',
  addOptOut: 'own',
  removeOptOut: 'own',
  importOptOuts: 'own',
  exportOptOuts: 'own',
  ...ofWebhooks,
  requestErasure: 'own',
  getErasure: 'nothing',
}
/** Those that tell the same to everybody, or to providers. */
export const ofAll = ['health', 'readiness', 'metrics', 'openApi', 'docs', 'docsAsset']
export const ofProviders = ['takeDeliveryReports', 'takeInboundMessages']
