-- What has failed for good is listed and replayed without reading all that was delivered.
CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (endpoint_id, id) WHERE status = 'failed';
