-- When the second factor of the other account was proven in a regroupement; absent where it had none.
ALTER TABLE regroupement ADD COLUMN factor_at BIGINT;
