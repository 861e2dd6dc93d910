-- What is particular to a customer: src/domain/customer-settings.ts. What is not in it is as for everybody.

ALTER TABLE customers ADD COLUMN settings jsonb NOT NULL DEFAULT '{}';
