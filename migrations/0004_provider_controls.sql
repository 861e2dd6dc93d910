-- What whoever runs the service has decided about a provider at run time, for all processes. A provider without a row is enabled.

CREATE TYPE provider_mode AS ENUM ('enabled', 'draining', 'disabled');

CREATE TABLE provider_controls (
  provider   text          PRIMARY KEY,
  mode       provider_mode NOT NULL,
  note       text,
  changed_at timestamptz   NOT NULL DEFAULT now()
);
