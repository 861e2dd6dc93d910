-- Where a message that is traced began: W3C Trace Context, traceparent. NULL: it is not traced.
ALTER TABLE messages ADD COLUMN traceparent text;
-- Of the message that it tells of.
ALTER TABLE webhook_deliveries ADD COLUMN traceparent text;
