-- Services have a plan, an image that may differ from the driver's, and an order. The server puts the values of its
-- catalogue at each start.
ALTER TABLE service ADD COLUMN plan TEXT NOT NULL DEFAULT '';
ALTER TABLE service ADD COLUMN image TEXT;
ALTER TABLE service ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
