-- What is kept for a time only: operations that have ended, by their age, and what still refers to one.
CREATE INDEX operation_finished ON operation (finished_at, id) WHERE finished_at IS NOT NULL;
CREATE INDEX deployment_operation ON deployment (operation_id);
CREATE INDEX instance_failure ON instance (json_extract(last_error, '$.operation')) WHERE last_error IS NOT NULL;
