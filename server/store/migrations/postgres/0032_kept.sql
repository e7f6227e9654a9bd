-- A12: a group that is to have no licence keeps none from others.
UPDATE assignments SET reserved = 0 WHERE reserved > 0 AND (intent IS NULL OR intent = 2);

-- A10: whose user licence went for those of the devices. The way back is refused, whatever becomes of these.
ALTER TABLE move_people ADD COLUMN moved boolean NOT NULL DEFAULT false;
UPDATE move_people SET moved = true WHERE state = 3;
