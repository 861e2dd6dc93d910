-- By this a processor knows its own claim again when the answer to it got lost.
ALTER TABLE messages ADD COLUMN claim_token bigint;
