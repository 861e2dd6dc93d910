-- An erasure finds what a number has sent.
CREATE INDEX inbound_messages_sender ON inbound_messages (sender);
